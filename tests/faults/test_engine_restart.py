"""The engine is stopped and started again in the middle of a run, or is gone for good."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.engine.docker import DockerEngine
from harness.engine.replay import ContainerRequest
from harness.lease.labels import RUN

from ..eventually import eventually
from ..messages.project import FOREVER, IMAGE, Outcome, Project
from .own_engine import OwnEngine

# init: dockerd stops it by SIGTERM, which a first process without a handler would not notice
APP = f"""
    app:
      image: {IMAGE}
      init: true
      command:
        - perl
        - -MIO::Socket
        - -e
        - >-
          $$s = IO::Socket::INET->new(LocalPort => 80, Listen => 9, ReuseAddr => 1) or die;
          while ($$c = $$s->accept) {{ next if fork; print $$c $$_ while <$$c>; exit }}
      ports: ["80"]
    """
TESTS = """
import pathlib, socket, time

HERE = pathlib.Path(__file__).parent


def call(container, port=None):
    with socket.create_connection(("127.0.0.1", port or container.port(80)), timeout=5) as link:
        link.sendall(b"hello\\n")
        assert link.recv(9) == b"hello\\n"


def disturbed(file="disturb"):
    (HERE / file).touch()
    while (HERE / file).exists():
        time.sleep(0.05)


@pytest.mark.app
def test_before(container_getter):
    call(container_getter.get("app"))
"""
UNDER_WAY = """
@pytest.mark.app
def test_under_way(container_getter):
    disturbed()
    call(container_getter.get("app"))
"""
AFTER = """
@pytest.mark.app
def test_after(container_getter):
    call(container_getter.get("app"))

@pytest.mark.app
def test_last(container_getter):
    call(container_getter.get("app"))
"""
LOST = "the Docker Engine went away, or was restarted, while this test ran: 'app' ended with it."
LOOK = "see its log (`journalctl -u docker`), and start it again"


@contextmanager
def disturbing(project: Project, file: str = "disturb") -> Iterator[None]:
    """Wait until a test asks to be disturbed; it goes on when the block has ended."""
    asked = project.root / file
    eventually(asked.exists, timeout=120)
    yield
    asked.unlink()


def run_over_a_restart(project: Project, engine: OwnEngine, *args: str) -> Outcome:
    with project.running("-rA", *args) as process:
        with disturbing(project):
            engine.restart()
        return project.finish(process)


def test_the_test_under_way_fails_and_says_so_and_the_rest_goes_on(
    other: Project, own_engine: OwnEngine
) -> None:
    other.services(APP)
    other.test(TESTS + UNDER_WAY + AFTER)

    outcome = run_over_a_restart(other, own_engine)

    assert "1 failed, 3 passed" in outcome.text
    assert LOST in outcome.reports["test_under_way"]
    assert LOOK in outcome.reports["test_under_way"]


def test_a_test_that_did_not_notice_fails_as_well(other: Project, own_engine: OwnEngine) -> None:
    other.services(APP)
    other.test(TESTS + UNDER_WAY.replace('call(container_getter.get("app"))', "") + AFTER)

    outcome = run_over_a_restart(other, own_engine)

    assert "4 passed, 1 error" in outcome.text
    assert "ERROR at teardown of test_under_way" in outcome.text
    assert LOST in outcome.message


def test_a_start_under_way_fails_and_the_same_start_is_tried_again(
    other: Project, own_engine: OwnEngine
) -> None:
    gate = other.root / "gate"
    gate.mkdir()
    other.services(
        f"""
        app:
          image: {IMAGE}
          init: true
          command: {FOREVER}
          volumes: ["{gate}:/gate"]
          healthcheck: {{test: test -f /gate/open}}
        """
    )
    other.test(
        "@pytest.mark.app\ndef test_first(): pass\n@pytest.mark.app\ndef test_second(): pass"
    )

    with other.running() as process:
        eventually(lambda: other.containers(everything=False))
        own_engine.restart()
        (gate / "open").touch()
        outcome = other.finish(process)

    assert "1 passed, 1 error" in outcome.text
    assert "the Docker Engine" in outcome.messages["test_first"]
    assert LOOK in outcome.messages["test_first"]


SHARED = APP + "  x-harness: {isolation: shared}\n"
WIDE = """
@pytest.fixture(scope="session")
def port(app):
    return app.port

@pytest.mark.app
def test_later(container_getter, port):
    call(None, port)
"""


def test_a_service_of_a_session_fixture_runs_again_with_its_ports(
    other: Project, own_engine: OwnEngine
) -> None:
    other.services(APP)
    other.test(TESTS + WIDE.replace("later", "sooner") + UNDER_WAY + WIDE)

    outcome = run_over_a_restart(other, own_engine)

    assert "1 failed, 3 passed" in outcome.text
    assert LOST in outcome.reports["test_under_way"]


def test_all_workers_go_on_with_what_they_share(other: Project, own_engine: OwnEngine) -> None:
    other.services(SHARED)
    half = """
def test_under_way_{n}(container_getter):
    disturbed("disturb-{n}")
    call(container_getter.get("app"))
def test_{n}_after(container_getter): call(container_getter.get("app"))
def test_{n}_last(container_getter): call(container_getter.get("app"))
"""
    head, _, _ = TESTS.partition("@pytest.mark.app")
    tests = head + "pytestmark = pytest.mark.app\n" + half.format(n=1) + half.format(n=2)
    other.test(tests)

    with other.running("-n2") as process:
        with disturbing(other, "disturb-1"), disturbing(other, "disturb-2"):
            own_engine.restart()
        outcome = other.finish(process)

    assert "2 failed, 4 passed" in outcome.text
    for name in ("test_under_way_1", "test_under_way_2"):
        assert LOST.partition(":")[0] in outcome.reports[name]


def test_a_service_that_is_reset_runs_again_for_the_next_test(
    other: Project, own_engine: OwnEngine
) -> None:
    other.services(APP)
    other.test(TESTS + UNDER_WAY + AFTER)

    outcome = run_over_a_restart(other, own_engine, "--harness-isolation=reset")

    assert "1 failed, 3 passed" in outcome.text
    assert LOST in outcome.reports["test_under_way"]


def test_an_engine_that_is_gone_for_good_is_told_to_each_test(
    other: Project, own_engine: OwnEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", own_engine.host)
    other.services(APP)
    other.test(TESTS + UNDER_WAY + AFTER)
    # the wait for an engine that may come back is the harness's own, and long
    other.write("conftest.py", "import harness.stack.outage\nharness.stack.outage.PATIENCE = 1.0\n")

    with other.running() as process:
        with disturbing(other):
            own_engine.kill()
        outcome = other.finish(process, engine_gone=True)

    assert outcome.code == pytest.ExitCode.TESTS_FAILED
    assert "1 failed, 1 passed, 2 errors" in outcome.text
    assert "the Docker Engine went away, or was restarted, while this test ran" in outcome.text
    for name in ("test_after", "test_last"):
        assert "did not come back within 1 s. Start it again" in outcome.messages[name]
    assert "harness: something could not be removed: the Docker Engine" in outcome.text
    own_engine.start()
    left = DockerEngine()
    left.remove({RUN: ""})
    left.close()
    other.check_nothing_left()


def test_the_events_of_containers_are_told_again_after_a_restart(
    own_engine: OwnEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", own_engine.host)
    engine = DockerEngine()
    labels = {"tests.faults": "events"}
    events = engine.watch(labels)
    request = {"Image": IMAGE, "Cmd": FOREVER.split(), "Labels": labels}
    quick_to_stop = {"HostConfig": {"Init": True}}
    app = engine.make_container(ContainerRequest("", {**request, **quick_to_stop}, {}))
    try:
        engine.start(app)
        eventually(lambda: events.last(app))
        own_engine.restart()
        assert events.breaks == 1
        engine.start(app)
        eventually(lambda: not events.lost)
        engine.kill(app)
        eventually(lambda: events.ended(app))
    finally:
        events.close()
        engine.remove(labels)
        engine.close()
