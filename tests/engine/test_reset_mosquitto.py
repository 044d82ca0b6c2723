"""What a Mosquitto broker retains is put back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.container import Container
from harness.errors import ResetError
from harness.services.base import Technology

from .lab import Lab
from .servers import Client, resetting, shop_image


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    with shop_image("broker") as tag:
        yield tag


@pytest.fixture
def broker(lab: Lab, image: str) -> Container:
    lab.compose(f"""
    services:
      broker:
        image: {image}
        ports: ["1883"]
        healthcheck: {{test: [CMD, mosquitto_sub, -E, -t, health]}}
    """)
    return lab.container("broker")


@pytest.fixture
def technology(broker: Container) -> Iterator[Technology]:
    with resetting(broker) as found:
        assert found.name == "mosquitto"
        yield found


def retain(broker: Container, topic: str, *message: str) -> None:
    result = broker.exec(["mosquitto_pub", "-q", "1", "-r", "-t", topic, *(message or ["-n"])])
    assert result.exit_code == 0, result.output


def retained(broker: Container) -> dict[str, str]:
    """Return the retained messages; a last one, which `#` does not match, ends the list."""
    retain(broker, "$test/end", "-m", "x")
    program = r'$sub = open P, "-|", @ARGV; while (<P>) { last if /^\$/; print } kill 9, $sub'
    listen = ["mosquitto_sub", "--retained-only", "-v", "-t", "#", "-t", "$test/end"]
    output = broker.exec(["perl", "-e", program, *listen]).output
    return dict(line.split(" ", 1) for line in output.splitlines())


def test_retained_messages_are_put_back(broker: Container, technology: Technology) -> None:
    retain(broker, "kept/same", "-m", "same")
    retain(broker, "kept/changed", "-m", "before")
    retain(broker, "kept/cleared", "-m", "before")
    before = retained(broker)
    assert before == {"kept/same": "same", "kept/changed": "before", "kept/cleared": "before"}
    assert technology.save(0) == frozenset()

    retain(broker, "kept/changed", "-m", "after")
    retain(broker, "kept/cleared")
    retain(broker, "new/ünicode topic", "-m", "new")
    assert technology.restore(0) == frozenset()

    assert retained(broker) == before


def test_twenty_times_in_a_row(broker: Container, technology: Technology) -> None:
    technology.save(0)
    for number in range(20):
        retain(broker, f"new/{number}", "-m", "x")
        technology.restore(0)
    assert retained(broker) == {}


def test_many_and_large_messages(broker: Container, technology: Technology) -> None:
    many = "for i in $(seq 40); do mosquitto_pub -q 1 -r -t many/$i -m $i; done"
    large = "head -c 300000 /dev/zero | tr '\\0' x | mosquitto_pub -s -q 1 -r -t large"
    assert broker.exec(["sh", "-c", f"{many}; {large}"]).exit_code == 0
    before = retained(broker)
    assert (len(before), len(before["large"])) == (41, 300000)
    technology.save(0)
    assert broker.exec(["sh", "-c", many.replace("-m $i", "-n")]).exit_code == 0
    retain(broker, "large")
    assert retained(broker) == {}
    technology.restore(0)
    assert retained(broker) == before


def test_levels_stand_on_each_other(broker: Container, technology: Technology) -> None:
    retain(broker, "level", "-m", "0")
    technology.save(0)
    retain(broker, "level", "-m", "1")
    technology.save(1)
    for level in (1, 0, 1):
        retain(broker, "level", "-m", "test")
        technology.restore(level)
        assert retained(broker) == {"level": str(level)}
    technology.forget(1)
    with pytest.raises(ResetError, match="nothing was remembered at level 1"):
        technology.restore(1)


def test_a_subscriber_stays_connected_and_hears_nothing_of_us(
    broker: Container, technology: Technology
) -> None:
    client = Client(broker, "mosquitto_sub", "-v", "-t", "#")
    # the subscription is there as soon as a message comes through
    retain(broker, "hello", "-m", "x")
    broker.exec(["mosquitto_sub", "-E", "-t", "x"])
    client.wait_for("hello x\n")
    technology.save(0)
    technology.restore(0)
    retain(broker, "end", "-m", "x")
    assert client.wait_for("end x\n") == ""
    client.close()


def test_a_broker_that_demands_a_login_says_what_to_declare(lab: Lab, image: str) -> None:
    script = "printf 'listener 1883\\nallow_anonymous false\\n' >/tmp/c; exec mosquitto -c /tmp/c"
    lab.compose(f"""
    services:
      broker:
        image: {image}
        command: [sh, -c, {script!r}]
        ports: ["1883"]
    """)
    with (
        resetting(lab.container("broker")) as technology,
        pytest.raises(ResetError, match=r"service 'broker'.*demands a login.*x-harness: {reset: "),
    ):
        technology.save(0)
