"""Services of a compose project as processes: what a test does with them."""

from __future__ import annotations

import json
import os
import socket
import time

import pytest

from harness import ServiceDiedError, ServiceNotReadyError, SettingError
from harness.container import Container
from tests.eventually import eventually
from tests.process.lab import CHAIN, ProcessLab
from tests.process.programs import gone

ECHO = """
echo:
  image: nobody.example/has-it
  ports: ["8080"]
  x-harness: {process: {command: [./echo]}}
"""


def answer(container: Container, text: str = "hello") -> str:
    info = container.network_info[0]
    with socket.create_connection((info.hostname, info.host_port), timeout=10) as link:
        link.sendall(f"{text}\n".encode())
        return link.recv(999).decode().strip()


def test_a_service_listens_where_network_info_says(plab: ProcessLab) -> None:
    plab.compose(ECHO)

    echo = plab.container("echo")

    assert answer(echo) == "hello"
    assert echo.network_info[0].container_port == "8080/tcp"
    assert echo.network_info[0].hostname == "127.0.0.1"
    assert echo.status == "running"
    assert echo.env["PORT"] == echo.env["PORT_8080"] == str(echo.port(8080))


def test_only_what_is_needed_runs(plab: ProcessLab) -> None:
    plab.compose(CHAIN)

    lease = plab.up("first")

    assert [container.service for container in lease.all_containers()] == ["first"]


def test_two_stacks_have_ports_of_their_own(plab: ProcessLab) -> None:
    plab.compose(ECHO)

    one, two = plab.container("echo"), plab.container("echo")

    assert one.port(8080) != two.port(8080)
    assert answer(one) == answer(two) == "hello"


def test_a_stopped_service_has_its_port_again_when_it_is_started(plab: ProcessLab) -> None:
    plab.compose(ECHO)
    echo = plab.container("echo")
    port = echo.port(8080)

    echo.stop()

    assert echo.status == "exited"
    assert echo.exit_code == 128 + 15
    echo.start()
    assert echo.port(8080) == port
    assert answer(echo) == "hello"


def test_a_killed_service_says_by_what(plab: ProcessLab) -> None:
    plab.compose(ECHO)
    echo = plab.container("echo")

    echo.kill()

    assert (echo.status, echo.exit_code) == ("exited", 128 + 9)


def test_a_paused_service_does_not_answer_until_it_is_thawed(plab: ProcessLab) -> None:
    plab.compose(ECHO)
    echo = plab.container("echo")
    info = echo.network_info[0]

    echo.pause()

    assert echo.status == "paused"
    with socket.create_connection((info.hostname, info.host_port), timeout=10) as link:
        link.sendall(b"hello\n")
        echo.unpause()
        assert link.recv(999) == b"hello\n"


def test_logs_are_those_since_a_time(plab: ProcessLab) -> None:
    plab.compose(ECHO)
    echo = plab.container("echo")
    eventually(echo.logs, until=lambda text: "listening" in text)

    before_end = time.time()
    echo.restart()

    # it says so once it listens, and that is all that is waited for
    eventually(echo.logs, until=lambda text: text.count("listening") == 2)
    assert echo.logs(since=before_end).count("listening") == 1


def test_a_command_runs_beside_a_service_with_its_variables(plab: ProcessLab) -> None:
    plab.compose(ECHO)
    echo = plab.container("echo")

    result = echo.exec(["sh", "-c", "echo $PORT; pwd; exit 3"])

    assert result.exit_code == 3
    assert result.output.split() == [str(echo.port(8080)), str(plab.root / "compose")]
    assert echo.exec(["/no/such/command"]).exit_code == 127


def test_what_a_service_has_started_ends_with_it(plab: ProcessLab) -> None:
    plab.program(
        "forks",
        "child = fork(sleep, session=True)\ntell('pids', [child])\n"
        + "server = listen()\nsleep()\n",
    )
    plab.compose(
        """
        forks:
          image: none
          ports: ["8080"]
          x-harness: {process: {command: [./forks]}}
        """
    )
    forks = plab.container("forks")
    [child] = json.loads((plab.root / "compose/pids").read_text())

    forks.kill()

    assert eventually(lambda: gone(child), until=bool)


def test_a_one_shot_has_ended_before_what_waits_for_it_starts(plab: ProcessLab) -> None:
    plab.compose(
        """
        job:
          image: none
          x-harness: {process: {command: "echo done > done"}}
        app:
          image: none
          depends_on: {job: {condition: service_completed_successfully}}
          x-harness: {process: {command: "cat done; sleep 600"}, ready: {log: done}}
        """
    )

    lease = plab.up("app")

    assert lease.containers("job")[0].exit_code == 0
    assert "done" in lease.containers("app")[0].logs()


def test_a_service_that_dies_is_told_with_its_last_lines(plab: ProcessLab) -> None:
    plab.compose(
        """
        app:
          image: none
          ports: ["8080"]
          x-harness: {process: {command: "echo no database; exit 3"}}
        """
    )

    with pytest.raises(ServiceDiedError) as error:
        plab.up("app")

    assert "compose/app.yml:3: service 'app' exited with code 3" in str(error.value)
    assert "no database" in str(error.value)


@pytest.mark.parametrize(
    "ready", ["http: /x", "exec: 'exit 1'", "log: never", "tcp: 8080"], ids=lambda text: text[:4]
)
def test_a_service_that_is_not_ready_is_told_by_what(plab: ProcessLab, ready: str) -> None:
    plab.compose(
        f"""
        app:
          image: none
          ports: ["8080"]
          x-harness:
            process: {{command: "sleep 600"}}
            ready: [{{{ready}}}, {{timeout: 0.5}}]
        """
    )

    with pytest.raises(ServiceNotReadyError, match=r"was not ready after 0\.5 s"):
        plab.up("app")


@pytest.mark.parametrize(
    "ready", ["http: {path: /, status: 200}", "exec: 'test $$PORT'", "log: listening", "tcp: 8080"]
)
def test_every_kind_of_probe_works(plab: ProcessLab, ready: str) -> None:
    plab.program(
        "web",
        "from http.server import *\nclass H(BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n        self.send_response(200); self.end_headers()\n"
        "s = HTTPServer(('127.0.0.1', int(os.environ['PORT'])), H)\n"
        "print('listening', flush=True)\ns.serve_forever()\n",
    )
    plab.compose(
        f"""
        web:
          image: none
          ports: ["8080"]
          x-harness: {{process: {{command: [./web]}}, ready: {{{ready}}}}}
        """
    )

    assert plab.container("web").status == "running"


def test_a_restart_policy_starts_it_again(plab: ProcessLab) -> None:
    plab.compose(
        """
        app:
          image: none
          restart: on-failure
          ports: ["8080"]
          x-harness: {process: {command: "test -e there || { touch there; exit 1; }; exec ./echo"}}
        """
    )

    assert answer(plab.container("app")) == "hello"


def test_an_entry_that_is_missing_is_told_with_what_to_write(plab: ProcessLab) -> None:
    plab.compose("app: {image: none}\n")

    with pytest.raises(SettingError) as error:
        plab.up("app")

    assert "compose/app.yml:2: service 'app'. Write for each" in str(error.value)
    assert "x-harness: {process: {command: [python, app.py]" in str(error.value)


def test_an_entry_that_nobody_needs_may_be_missing(plab: ProcessLab) -> None:
    plab.compose(ECHO + "\nother: {image: none}\n")

    assert plab.container("echo").status == "running"


def test_replicas_have_ports_of_their_own(plab: ProcessLab) -> None:
    plab.compose(ECHO.replace("  ports", "  scale: 2\n  ports"))

    containers = plab.up("echo").containers("echo")

    assert len({container.network_info[0].host_port for container in containers}) == 2
    assert [answer(container) for container in containers] == ["hello", "hello"]


def test_output_is_never_waited_for(plab: ProcessLab) -> None:
    plab.program(
        "loud",
        "print('x' * 5_000_000)\nserver = listen()\nprint('end', flush=True)\nsleep()\n",
    )
    plab.compose(
        """
        loud:
          image: none
          ports: ["8080"]
          x-harness: {process: {command: [./loud]}}
        """
    )

    loud = plab.container("loud")

    assert len(eventually(loud.logs, until=lambda text: text.endswith("end\n"))) > 5_000_000


def test_nothing_is_left_of_a_service(plab: ProcessLab) -> None:
    plab.compose(ECHO)
    pid = plab.pid(plab.container("echo"))
    os.kill(pid, 0)

    plab.close()

    assert gone(pid)
