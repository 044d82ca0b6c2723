"""Each way in which a process service does not start has its message."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import harness
from tests.eventually import eventually
from tests.process.programs import Program, program

WHERE = r"service (\w+) \(tests/process/\w+\.py:\d+\)"


def failure(service: harness.ProcessService, error: type[harness.HarnessError]) -> str:
    """Enter a service, and return the message of the failure."""
    with pytest.raises(error) as raised, service:
        pass
    assert not service.is_running
    assert re.search(WHERE, str(raised.value)), str(raised.value)
    return str(raised.value)


def service_of(path: object, cwd: Path | None = None) -> harness.ProcessService:
    class Service2(harness.ProcessService):
        pass

    made = Service2()
    made.executable_path = path  # type: ignore[assignment]
    made.cwd = cwd
    return made


def test_a_path_that_is_not_there() -> None:
    message = failure(service_of("build/service2"), harness.ExecutableError)
    assert message.startswith("wanted to run 'build/service2' for service Service2")
    assert f"there is no {Path.cwd()}/build/service2. Build it first" in message


def test_a_name_that_is_not_on_path() -> None:
    message = failure(service_of("no-such-service"), harness.ExecutableError)
    assert "there is no such command on PATH (" in message
    assert "'./no-such-service'" in message


def test_a_directory(tmp_path: Path) -> None:
    assert "is a directory. Name" in failure(service_of(tmp_path), harness.ExecutableError)


def test_a_file_that_is_not_executable(tmp_path: Path) -> None:
    file = program(tmp_path, "")
    file.chmod(0o644)
    message = failure(service_of(file), harness.ExecutableError)
    assert f"{file} is not executable. Try `chmod +x {file}`" in message


def test_a_script_whose_interpreter_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "script"
    file.write_text("#!/no/such/interpreter\n")
    file.chmod(0o755)
    assert "interpreter that its first line" in failure(service_of(file), harness.ExecutableError)


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_text("hello\n")
    file.chmod(0o755)
    assert "neither a program of this machine" in failure(service_of(file), harness.ExecutableError)


def test_no_executable_named() -> None:
    assert "set `executable_path`" in failure(service_of(""), harness.ExecutableError)


def test_a_working_directory_that_is_not_there(tmp_path: Path) -> None:
    message = failure(service_of(sys.executable, tmp_path / "none"), harness.ExecutableError)
    assert f"in {tmp_path}/none, which does not exist. Mend `cwd`" in message
    message = failure(service_of(sys.executable, program(tmp_path, "")), harness.ExecutableError)
    assert "which is no directory" in message


def test_arguments_that_are_one_text(tmp_path: Path) -> None:
    service = Program(tmp_path, "sleep()")
    service.args = "--verbose"
    assert "write a list of arguments" in failure(service, harness.SettingError)


def test_one_that_exits_at_its_start(tmp_path: Path) -> None:
    body = "for n in range(30): print('line', n)\nsys.exit('no database')\n"
    message = failure(Program(tmp_path, body, 0), harness.ServiceDiedError)
    assert re.search(r"\) exited with code 1 \d+\.\d s after its start, before it was", message)
    assert re.search(r"waited for port \d+ on 127.0.0.1, last seen: (connection|nothing)", message)
    assert re.search(rf"pid \d+, `{tmp_path}/service-\d+` in {tmp_path}\)", message)
    lines = message.partition("Its last lines:\n")[2].splitlines()
    assert (len(lines), lines[0].strip(), lines[-1].strip()) == (20, "line 11", "no database")


def test_one_that_exits_with_0_has_died_as_well(tmp_path: Path) -> None:
    message = failure(Program(tmp_path, "", 0), harness.ServiceDiedError)
    assert "exited with code 0" in message
    assert message.endswith("It wrote nothing.")


def test_one_that_a_signal_ends(tmp_path: Path) -> None:
    body = "os.kill(os.getpid(), signal.SIGSEGV)"
    assert "was killed by SIGSEGV" in failure(Program(tmp_path, body, 0), harness.ServiceDiedError)


def test_one_that_never_answers(tmp_path: Path) -> None:
    service = Program(tmp_path, "print('still migrating', flush=True)\nsleep()", 0)
    service.start_timeout = 0.5
    message = failure(service, harness.ServiceNotReadyError)
    assert "was not ready after 0.5 s: waited for port" in message
    assert "last seen: connection refused" in message
    assert "set `start_timeout` in its class, or --harness-timeout" in message
    assert message.endswith("Its last lines:\n    still migrating")


def test_a_port_that_somebody_else_has(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]
        message = failure(Program(tmp_path, "sleep()", number), harness.PortTakenError)
    assert f"wants port {number} on 127.0.0.1, which is taken by " in message
    assert "set `port = 0`" in message


def test_a_port_that_another_instance_has(tmp_path: Path) -> None:
    with Program(tmp_path, "server = listen()\nsleep()", 0) as one:
        message = failure(Program(tmp_path, "sleep()", one.port), harness.PortTakenError)
    assert f"(pid {one.process.pid})" in message


def test_somebody_else_who_answers_there_is_not_taken_for_the_service(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    # a process that is nobody's: the service's own would count as the service
    thief = program(tmp_path, f"server = listen({number})\nsleep()", "thief")
    thieves: list[subprocess.Popen[bytes]] = []

    def steal() -> None:
        eventually((tmp_path / "started").exists)
        thieves.append(subprocess.Popen([thief], cwd=tmp_path))

    thread = threading.Thread(target=steal)
    thread.start()
    try:
        service = Program(tmp_path, "tell('started', 1)\nsleep()", number)
        message = failure(service, harness.PortTakenError)
    finally:
        thread.join()
        thieves[0].kill()
        thieves[0].wait()
    assert f"(pid {thieves[0].pid})" in message
