"""A process service: what it is in a test's hands, from its start to its end."""

from __future__ import annotations

import logging
import os
import signal
import socket
from pathlib import Path

import psutil
import pytest

import harness
from tests.eventually import eventually
from tests.process.programs import Program, gone, program, told

ANSWERS = "server = listen()\nsleep()\n"


def connects(host: str, port: int) -> bool:
    with socket.create_connection((host, port), timeout=5):
        return True


def test_services_carry_their_dependencies_as_the_documentation_says(tmp_path: Path) -> None:
    class Service1(harness.ProcessService):
        executable_path = program(tmp_path, ANSWERS, "service1")
        port = 0

    class Service2(harness.ProcessService):
        executable_path = program(
            tmp_path,
            "asks = socket.create_connection((os.environ['HOST1'], int(os.environ['PORT1'])))\n"
            + ANSWERS,
            "service2",
        )
        port = 0

        def __init__(self, service1: Service1) -> None:
            self.env = {"HOST1": service1.host, "PORT1": str(service1.port)}

    with Service1() as service1, Service2(service1) as service2:
        assert service1.port != service2.port
        for service in (service1, service2):
            assert service.is_running
            assert connects(service.host, service.port)
            assert service.network_info == [
                harness.NetworkInfo(f"{service.port}/tcp", "127.0.0.1", service.port)
            ]
            assert service.network_info[0].hostname == service.host
        assert service1.process.pid != service2.process.pid
    assert not service1.is_running
    assert not service2.is_running


def test_without_a_port_it_is_ready_when_it_runs(tmp_path: Path) -> None:
    with Program(tmp_path, "sleep()") as service:
        assert service.is_running
        assert "runs" in repr(service)
        with pytest.raises(harness.DockerConfigurationError, match="Set `port` in its class"):
            _ = service.port
        with pytest.raises(harness.DockerConfigurationError, match="has one port at the most"):
            _ = service.host


def test_a_number_is_where_it_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    with Program(tmp_path, f"server = listen({number})\nsleep()", number) as service:
        assert service.port == number
        assert connects(service.host, number)
    with Program(tmp_path, f"server = listen({number})\nsleep()", number) as service:
        assert service.port == number  # it was given back


def test_the_port_stands_in_arguments_and_variables(tmp_path: Path) -> None:
    service = Program(tmp_path, "print(sys.argv[1:], os.environ['URL'], flush=True)\n" + ANSWERS, 0)
    service.args = ["--port=$PORT", "${PORT}", "$PORTS", tmp_path / "file"]
    service.env = {"URL": "http://127.0.0.1:${PORT}/"}
    with service:
        arguments = [f"--port={service.port}", f"{service.port}", "$PORTS", f"{tmp_path}/file"]
        assert service.output == f"{arguments} http://127.0.0.1:{service.port}/\n"


def test_relative_paths_are_relative_to_the_root_and_names_are_found_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    file = program(tmp_path, "print(os.getcwd(), flush=True)\n" + ANSWERS, "my-service")
    root = request.config.rootpath

    class Named(harness.ProcessService):
        executable_path = "my-service"
        env = {"PATH": str(tmp_path)}  # noqa: RUF012
        port = 0

    class Relative(harness.ProcessService):
        executable_path = os.path.relpath(file, root)
        cwd = "tests"
        port = 0

    monkeypatch.chdir("/")
    with Named() as named, Relative() as relative:
        assert named.output == f"{root}\n"
        assert relative.output == f"{root}/tests\n"


def test_two_instances_run_at_once(tmp_path: Path) -> None:
    class Twin(harness.ProcessService):
        executable_path = program(tmp_path, ANSWERS)
        port = 0

    with Twin() as one, Twin() as two:
        assert one.port != two.port
        assert one.process.pid != two.process.pid
        assert connects(one.host, one.port)
        assert connects(two.host, two.port)
        one.kill()
        assert two.is_running


def test_what_it_holds_is_freed_after_it_has_ended_and_what_came_later_before(
    tmp_path: Path,
) -> None:
    freed: list[tuple[str, bool]] = []

    class Holds(Program):
        def prepare(self) -> None:
            self.callback(lambda: freed.append(("prepared", self.is_running)))

    with Holds(tmp_path, "sleep()") as service:
        service.callback(lambda: freed.append(("later", service.is_running)))
    assert freed == [("later", True), ("prepared", False)]


def test_what_was_prepared_is_freed_when_the_start_fails(tmp_path: Path) -> None:
    freed: list[str] = []

    class Fails(Program):
        def prepare(self) -> None:
            self.callback(freed.append, "it")
            self.executable_path = "no/such/program"

    with pytest.raises(harness.ExecutableError), Fails(tmp_path, ""):
        pass
    assert freed == ["it"]


def test_an_exception_inside_goes_on_and_the_process_ends(tmp_path: Path) -> None:
    service = Program(tmp_path, "sleep()")
    with pytest.raises(ZeroDivisionError), service:
        raise ZeroDivisionError
    assert not service.is_running


def test_entered_twice_it_says_so_and_goes_on(tmp_path: Path) -> None:
    service = Program(tmp_path, "sleep()")
    with service:
        with pytest.raises(harness.ServiceStateError, match="entered while it is entered"), service:
            pass
        assert service.is_running


def test_left_twice_nothing_happens_and_it_may_be_entered_again(tmp_path: Path) -> None:
    service = Program(tmp_path, "print(os.getpid(), flush=True)\n" + ANSWERS, 0)
    with service:
        first = service.process.pid
    service.__exit__(None, None, None)
    with service:
        assert service.process.pid != first
        assert service.output == f"{service.process.pid}\n"


def test_before_and_after_it_says_what_cannot_be_asked(tmp_path: Path) -> None:
    service = Program(tmp_path, "print('hello', flush=True)\n" + ANSWERS, 0)
    assert (service.is_running, service.output) == (False, "")
    with pytest.raises(harness.ServiceStateError, match="never started"):
        _ = service.process
    with pytest.raises(harness.ServiceStateError, match=r"which is not entered: use it inside"):
        _ = service.port
    with pytest.raises(harness.ServiceStateError, match="wanted callback of service Program"):
        service.callback(print)
    with service:
        pass
    assert (service.is_running, service.output) == (False, "hello\n")
    assert service.process.returncode == -signal.SIGTERM
    with pytest.raises(harness.ServiceStateError, match="which has been left"):
        _ = service.host


def test_the_class_itself_is_abstract() -> None:
    with pytest.raises(TypeError, match="derive a class that sets `executable_path`"):
        harness.ProcessService()


def test_a_port_can_be_declared_by_a_base_that_is_none(tmp_path: Path) -> None:
    class Anywhere:
        port = 0

    class Mixed(Anywhere, Program):
        pass

    with Mixed(tmp_path, ANSWERS) as service:
        assert service.port > 0
    assert Mixed.port == 0


def test_output_that_is_no_text_and_a_lot_of_it_blocks_nobody(tmp_path: Path) -> None:
    body = (
        "os.write(1, b'\\xff\\xfe begin\\n')\n"
        "for _ in range(64): os.write(2, b'x' * 65535 + b'\\n')\n"
    )
    with Program(tmp_path, body + ANSWERS, 0) as service:
        assert service.output.startswith("\ufffd\ufffd begin\n")
        assert len(service.output) == 9 + 64 * 65536


def test_one_that_has_ended_by_itself_is_no_error_and_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # the first connection is the probe's
    body = "server = listen()\nserver.accept(), server.accept()\nsys.exit(5)\n"
    with Program(tmp_path, body, 0) as service:
        connects(service.host, service.port)
        eventually(lambda: service.is_running, lambda runs: not runs)
        assert service.port > 0
        with caplog.at_level(logging.WARNING):
            service.kill()
    assert [r.message for r in caplog.records if r.name == "harness.process"] == [
        f"service Program ({Path(__file__).with_name('programs.py').relative_to(Path.cwd())}:"
        f"{_line_of_program()}) had ended by itself: it exited with code 5"
    ]


def _line_of_program() -> int:
    lines = Path(__file__).with_name("programs.py").read_text().splitlines()
    return lines.index("class Program(harness.ProcessService):") + 1


def test_killed_it_ends_and_the_rest_is_held_until_it_is_left(tmp_path: Path) -> None:
    freed: list[str] = []
    with Program(tmp_path, "sleep()") as service:
        service.callback(freed.append, "it")
        service.kill(timeout=5)
        assert service.process.returncode == -signal.SIGTERM
        assert freed == []
        service.kill()
    assert freed == ["it"]


def test_one_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    body = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    with Program(tmp_path, body + ANSWERS, 0) as service:
        service.kill(timeout=0.05)
        assert service.process.returncode == -signal.SIGKILL


def test_it_ends_in_its_own_way_with_any_exit_code(tmp_path: Path) -> None:
    body = "signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit(143)))\n"
    with Program(tmp_path, body + ANSWERS, 0) as service:
        pass
    assert service.process.returncode == 143
    assert service.output == "bye\n"


FAMILY = """\
def grandchild():
    tell("family", [os.getpid(), *more])
    sleep()
def child():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    fork(grandchild)
    sleep()
more = [fork(sleep, session=True), fork(sleep, bare=True), fork(sleep, session=True, bare=True)]
fork(child)
while not os.path.exists("family"):
    time.sleep(0.01)
"""


def test_children_go_with_it_whatever_their_group_and_session(tmp_path: Path) -> None:
    with Program(tmp_path, FAMILY + ANSWERS, 0) as service:
        family = [*told(tmp_path / "family"), service.process.pid]
        assert not any(map(gone, family))
    assert [pid for pid in family if not gone(pid)] == []


def test_children_go_though_it_has_ended_before_them(tmp_path: Path) -> None:
    body = FAMILY + "server = listen()\nserver.accept(), server.accept()\nos._exit(0)\n"
    with Program(tmp_path, body, 0) as service:
        *family, bare = told(tmp_path / "family")
        connects(service.host, service.port)
        eventually(lambda: service.is_running, lambda runs: not runs)
        assert not any(map(gone, family))
    assert [pid for pid in family if not gone(pid)] == []
    psutil.Process(bare).kill()  # no session, no variable, no parent: nobody can know it
    eventually(lambda: gone(bare))


def test_it_stands_in_a_session_of_its_own_with_the_mark_of_the_run(tmp_path: Path) -> None:
    with Program(tmp_path, "sleep()") as service:
        pid = service.process.pid
        assert os.getsid(pid) == os.getpgid(pid) == pid
        variables = psutil.Process(pid).environ()
        assert variables["PYTEST_COMPOSE_HARNESS"].count("/") == 3
        assert "mirakuru_uuid" not in variables
