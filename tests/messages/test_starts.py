"""Services that do not come up, and starts that are cut short."""

from __future__ import annotations

import re

import pytest

from ..eventually import eventually
from .project import FOREVER, IMAGE, Outcome, Project

CLOSED_PORT = f"""
    app:
      image: {IMAGE}
      command: sh -c 'echo warming up; exec sleep infinity'
      ports: ["80"]
      x-harness: {{ready: {{timeout: 1s}}}}
    """
CRASH = f"""
    app:
      image: {IMAGE}
      command: sh -c 'echo no config found >&2; exit 3'
      ports: ["80"]
    """


def test_a_container_that_exits_is_told_with_its_exit_code_and_its_log(project: Project) -> None:
    project.services(CRASH)
    project.test_of("app")

    message = project.run().message

    assert "compose/app.yml:2: service 'app' exited with code 3" in message
    assert "before it was ready" in message
    assert re.search(r"container harness-\w+-4-1-app-1, image debian:bookworm-slim", message)
    assert "Its last log lines:\n    no config found" in message


def test_a_service_with_nothing_to_probe_that_exits_at_start_is_told(project: Project) -> None:
    project.services(CRASH.replace('ports: ["80"]', ""))
    project.test_of("app")

    message = project.run().message

    assert "compose/app.yml:2: service 'app' exited with code 3" in message


def test_of_a_long_log_the_last_lines_are_told(project: Project) -> None:
    project.services(CRASH.replace("echo no config found >&2", "seq 1000"))
    project.test_of("app")

    message = project.run().message

    assert message.splitlines()[-1].strip() == "1000"
    assert "    981\n" in message
    assert "    979\n" not in message


def test_a_container_that_cannot_run_at_all_is_told_with_the_engines_reason(
    project: Project,
) -> None:
    project.services(f"app:\n  image: {IMAGE}\n  command: no-such-program")
    project.test_of("app")

    message = project.run().message

    assert "compose/app.yml:2: service 'app' could not be started: " in message
    assert '"no-such-program": executable file not found' in message


def test_a_port_that_nobody_listens_on_is_told_with_what_was_seen(project: Project) -> None:
    project.services(CLOSED_PORT)
    project.test_of("app")

    message = project.run().message

    assert "compose/app.yml:2: service 'app' was not ready after 1 s" in message
    assert re.search(r"waited for port 80/tcp on 127\.0\.0\.1:\d+", message)
    assert "last seen: connection accepted and closed at once: nothing listens inside" in message
    assert "`x-harness: {ready: {timeout: …}}`" in message
    assert "--harness-timeout" in message
    assert "Its last log lines:\n    warming up" in message


def test_a_health_check_that_fails_is_told_with_what_it_said(project: Project) -> None:
    project.services(
        f"""
        app:
          image: {IMAGE}
          command: sh -c 'echo warming up; exec sleep infinity'
          healthcheck: {{test: "echo queue is not there; exit 4"}}
          x-harness: {{ready: {{timeout: 1s}}}}
        """
    )
    project.test_of("app")

    message = project.run().message

    assert "compose/app.yml:2: service 'app' was not ready after 1 s" in message
    assert "waited for health check `echo queue is not there; exit 4`" in message
    assert "last seen: " in message
    assert "exit code 4: queue is not there" in message
    assert "Its last log lines:\n    warming up" in message


def test_a_start_that_fails_half_way_leaves_nothing(project: Project) -> None:
    project.services(
        f"""
        db:
          image: {IMAGE}
          command: {FOREVER}
          volumes: [data:/data]
        app:
          image: {IMAGE}
          command: sh -c 'exit 1'
          ports: ["80"]
          depends_on: [db]
        """
    )
    project.write("compose/volumes.yml", f"volumes: {{data: {{{project.volume_labels}}}}}\n")
    project.test_of("app")

    message = project.run().message

    assert "service 'app' exited with code 1" in message
    assert "It logged nothing." in message


EXITED = "compose/app.yml:2: service 'app' exited with code 3"
TWICE = """
@pytest.mark.app
def test_first(): pass

@pytest.mark.app
def test_second(): pass
"""


def failures(outcome: Outcome) -> tuple[str, str]:
    assert outcome.code == pytest.ExitCode.TESTS_FAILED, outcome.text
    return outcome.messages["test_first"], outcome.messages["test_second"]


def test_a_start_that_failed_is_not_tried_again(project: Project) -> None:
    project.services(CRASH)
    project.test(TWICE)

    first, second = failures(project.run())

    assert second.startswith(f"as in test_it.py::test_first: {EXITED}")
    assert "--harness-retry-start tries each time" in second
    assert "as in" not in first


def test_a_start_that_failed_is_tried_again_on_demand(project: Project) -> None:
    project.services(CRASH)
    project.test(TWICE)

    for message in failures(project.run("--harness-retry-start")):
        assert message.startswith(EXITED)


def test_ctrl_c_during_a_start_leaves_nothing(project: Project) -> None:
    project.services(CLOSED_PORT.replace("1s", "10m"))
    project.test_of("app")

    with project.running() as process:
        eventually(lambda: project.containers(everything=False))
        text = project.interrupt(process)

    assert "KeyboardInterrupt" in text


def test_ctrl_c_while_a_stack_is_created_leaves_nothing(project: Project) -> None:
    project.services("\n".join(f"app{n}: {{image: {IMAGE}, command: {FOREVER}}}" for n in range(4)))
    project.test("@pytest.mark.services('app0', 'app1', 'app2', 'app3')\ndef test_it(): pass\n")

    with project.running() as process:
        eventually(project.containers)
        project.interrupt(process)


LEAVING = f"""
    app:
      image: {IMAGE}
      command: {FOREVER}
      volumes: ["data:/data"]
      pre_stop: [{{command: [sh, -c, "mkdir /leaving; sleep 1"]}}]
    """


def test_ctrl_c_while_a_stack_is_removed_leaves_nothing(project: Project) -> None:
    project.services(LEAVING)
    project.write("compose/data.yml", f"volumes: {{data: {{{project.volume_labels}}}}}\n")
    project.test_of("app")

    with project.running() as process:
        eventually(
            lambda: any(project.succeeds_in(c, "test -d /leaving") for c in project.containers())
        )
        text = project.interrupt(process)

    assert "KeyboardInterrupt" in text
