"""``x-harness: {fixed: true}`` keeps what the compose file fixes; such stacks take turns."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from harness.errors import TurnTimeoutError
from harness.lease.ports import PortClaims

from ..eventually import eventually
from .lab import Lab, answer, pytest_run


@pytest.fixture
def port() -> int:
    """A port that nobody else gets as long as this process lives."""
    return _CLAIMS.claim()


_CLAIMS = PortClaims()


def test_fixed_keeps_the_port_and_the_names(lab: Lab, port: int) -> None:
    lab.compose(f"""
    services:
      app:
        <<: *echo
        container_name: name-{port}
        ports: ["{port}:8080"]
        volumes: ["data:/data"]
        networks: [net]
        x-harness: {{fixed: true}}
    volumes: {{data: {{name: volume-{port}, x-harness: {{fixed: true}}}}}}
    networks: {{net: {{name: network-{port}, x-harness: {{fixed: true}}}}}}
    """)
    lease = lab.up("app")
    app = lease.containers("app")[0]
    assert app.name == f"name-{port}"
    assert [tuple(info) for info in app.network_info] == [("8080/tcp", "127.0.0.1", port)]
    assert answer(port) == "hello"
    assert sorted(lab.left()) == [
        f"container /name-{port}",
        f"network network-{port}",
        f"volume volume-{port}",
    ]
    lease.release()
    assert lab.left() == []


def test_a_range_of_fixed_ports_stays_one(lab: Lab) -> None:
    while True:
        port = _CLAIMS.claim()
        if _CLAIMS.claim() == port + 1:
            break
    lab.compose(f"""
    services:
      app:
        <<: *sleeper
        ports: ["{port}-{port + 1}:{port}-{port + 1}/udp"]
        x-harness: {{fixed: true}}
    """)
    infos = lab.container("app").network_info
    assert [info.host_port for info in infos] == [port, port + 1]


SUBNET = """
services: {app: {<<: *sleeper, networks: {net: {ipv4_address: 10.213.77.9}}}}
networks: {net: {ipam: {config: [{subnet: 10.213.77.0/24}]}}}
"""


@pytest.mark.parametrize("what", ["port", "names", "subnet"])
def test_stacks_that_want_the_same_take_turns(lab: Lab, port: int, what: str) -> None:
    fixed = "x-harness: {fixed: true}"
    names = f"""
    services:
      app:
        <<: *sleeper
        container_name: n{port}
        networks: [net]
        volumes: ["vol:/v"]
        {fixed}
    networks: {{net: {{name: n{port}, {fixed}}}}}
    volumes: {{vol: {{name: n{port}, {fixed}}}}}
    """
    ports = f'services: {{app: {{<<: *echo, ports: ["{port}:8080"], {fixed}}}}}'
    lab.compose({"port": ports, "names": names, "subnet": SUBNET}[what])
    first = lab.up("app")
    second = lab.lease("app")
    failed: list[BaseException] = []

    def wait_for_turn() -> None:
        try:
            second.up()
        except BaseException as error:
            failed.append(error)

    waiting = threading.Thread(target=wait_for_turn)
    waiting.start()
    eventually(lambda: len(lab.fleet._stacks) == 2)
    assert len(first.all_containers()) == 1
    first.release()
    waiting.join()
    assert failed == []
    assert second.containers("app")[0].status == "running"


TURN = """
import os, pathlib, pytest

@pytest.mark.app
def test_alone(container_getter):
    app = container_getter.get("app")
    assert app.port(8080) == {port}
    pathlib.Path(os.environ["ME"]).touch()
    while os.environ["ME"] == "first" and not pathlib.Path("go").exists():
        pass
"""


def test_two_runs_in_two_processes_take_turns(lab: Lab, port: int) -> None:
    lab.compose(f"""
    services:
      app: {{<<: *echo, ports: ["{port}:8080"], x-harness: {{fixed: true}}}}
    """)
    lab.write("test_turn.py", TURN.format(port=port).replace("        pass", "        app.status"))
    here = Path(lab.root)
    with pytest_run(here, ME="first") as first:
        eventually(lambda: (here / "first").exists())
        with pytest_run(here, ME="second") as second:
            # it waits, or it would fail: the port is taken as long as the first one runs
            assert second.poll() is None
            (here / "go").touch()
            assert first.wait() == 0, first.communicate()
            assert second.wait() == 0, second.communicate()
    assert (here / "second").exists()


def test_a_second_stack_of_one_run_cannot_wait_for_the_first(lab: Lab, port: int) -> None:
    lab.compose(
        f"services: {{app: {{<<: *sleeper, container_name: n{port}, x-harness: {{fixed: true}}}}}}"
    )
    lab.up("app")
    with pytest.raises(TurnTimeoutError, match=f"container n{port}, .* is held by stack harness-"):
        lab.up("app")
