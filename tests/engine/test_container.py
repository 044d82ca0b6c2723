"""A container in a test's hands."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest

from harness.errors import DockerConfigurationError, EngineRefusedError, ServiceDiedError

from ..eventually import eventually
from .lab import Lab, answer, file_in


def test_a_container_tells_what_it_is(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *echo
        environment: {WORD: "a = $$b", EMPTY: ""}
        labels: {team: "pay=$$1"}
    """)
    app = lab.container("app")
    assert re.fullmatch(r"harness-\w+-4-1-app-1", app.name)
    assert app.id == lab.client.inspect_container(app.name)["Id"]
    assert app.service == "app"
    assert app.image == "debian:bookworm-slim"
    assert app.status == "running"
    assert app.exit_code is None
    assert app.health == "none"
    assert (app.env["WORD"], app.env["EMPTY"]) == ("a = $b", "")
    assert app.labels["team"] == "pay=$1"
    assert app.labels["com.docker.compose.service"] == "app"


def test_a_command_gives_its_exit_code_and_both_its_streams(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *sleeper}}")
    app = lab.container("app")
    failed = app.exec(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (failed.exit_code, sorted(failed.output.splitlines())) == (3, ["err", "out"])
    assert app.exec(["printf", "%s", "$HOME *"]).output == "$HOME *"
    done = app.exec(
        ["sh", "-c", "id -u; pwd; echo $WORD"],
        user="7", workdir="/usr", environment={"WORD": "a b"},
    )  # fmt: skip
    assert done.output.split("\n") == ["7", "/usr", "a b", ""]
    assert app.exec(["no-such-program"]).exit_code in {126, 127}  # by the engine's age


def test_the_logs_hold_both_streams_and_may_begin_at_a_moment(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        command: |
          sh -c 'echo first; echo second >&2; while ! test -f /go; do sleep 0.02; done
          echo third; exec sleep infinity'
    """)
    app = lab.container("app")
    eventually(lambda: "second\n" in app.logs())
    assert sorted(app.logs().splitlines()) == ["first", "second"]
    # times of the engine, which need not be this machine's
    before = float(app.exec(["date", "+%s.%N"]).output)
    app.exec(["touch", "/go"])
    eventually(lambda: "third" in app.logs())
    assert app.logs(since=before) == "third\n"
    assert app.logs(since=datetime.fromtimestamp(before, UTC)) == "third\n"
    assert app.logs(since=time.time() + 3600) == ""


def test_a_container_is_stopped_and_started_again(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *echo}}")
    app = lab.container("app")
    port = app.port(8080)
    app.stop()
    assert (app.status, app.exit_code) == ("exited", 143)
    with pytest.raises(DockerConfigurationError, match=r"its container is exited now"):
        app.port(8080)
    app.start()
    assert app.status == "running"
    assert app.exit_code is None
    assert answer(app.port(8080)) == "hello"
    assert app.port(8080) == port


def test_a_restart_keeps_the_host_ports_and_waits_until_the_service_answers(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *echo
        ports: ["8080", "53/udp"]
        entrypoint: [sh, -c, 'sleep 0.3; exec "$$@"', wait]
    """)
    app = lab.container("app")
    before = app.network_info
    app.restart()
    assert app.network_info == before
    assert answer(before[0].host_port) == "hello"
    app.kill()
    app.start()
    assert app.network_info == before


def test_a_kill_is_over_when_the_call_returns(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        command: sh -c 'trap "echo reread" HUP; echo up; while :; do sleep 0.05; done'
    """)
    app = lab.container("app")
    eventually(lambda: "up" in app.logs())
    app.kill("SIGHUP")
    eventually(lambda: "reread" in app.logs())
    assert app.status == "running"
    app.kill()
    assert (app.status, app.exit_code) == ("exited", 137)


def test_a_paused_container_is_silent_until_it_is_thawed(lab: Lab) -> None:
    lab.compose(
        "services: {app: {<<: *sleeper, command: sh -c 'while :; do sleep 0.02; date; done'}}"
    )
    app = lab.container("app")
    app.pause()
    assert app.status == "paused"
    eventually(lambda: app.logs() == app.logs())
    app.unpause()
    eventually(lambda: app.status == "running")
    lines = app.logs()
    eventually(lambda: app.logs() != lines)


def test_a_start_that_fails_is_told(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *echo
        entrypoint: [sh, -c, 'test -f /ran && exit 6; touch /ran; exec "$$@"', once]
    """)
    app = lab.container("app")
    app.kill()
    with pytest.raises(ServiceDiedError, match="exited with code 6"):
        app.start()


def test_stop_gives_a_service_its_signal_and_its_time(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        stop_signal: SIGUSR1
        stop_grace_period: 20s
        volumes: ["data:/data"]
        command: |
          sh -c 'trap "sleep 0.2; echo flushed >/data/it; exit 0" USR1
          touch /ready; while :; do sleep 0.02; done'
        healthcheck: {test: test -f /ready}
    volumes: {data: {}}
    """)
    app = lab.container("app")
    app.stop()
    assert (app.status, app.exit_code) == ("exited", 0)
    app.start()
    assert file_in(app, "/data/it") == "flushed\n"


def test_what_the_engine_refuses_is_an_error_of_ours(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *sleeper}}")
    app = lab.container("app")
    with pytest.raises(EngineRefusedError, match="not paused"):
        app.unpause()
