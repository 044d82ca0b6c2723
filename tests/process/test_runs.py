"""Runs that have process services: with and without compose files, workers, and pytest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.process_victim import ProcessVictim
from tests.faults.steps import IN_THE_BODY
from tests.process.programs import program

SCRIPT = """\
import sys
from test_it import Forking
service = Forking()
service.__enter__()
assert service.is_running
if sys.argv[1:]:
    service.__exit__(None, None, None)
"""
TELLING = """
for name in ("DB_PASSWORD", "PIN_TOKEN"):
    print(f"{name}={os.environ[name]}")
sys.exit("with " + os.environ["DB_PASSWORD"] + " and " + os.environ["CI_TOKEN"])
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ProcessVictim]:
    """A project without compose files and without an engine."""
    made = ProcessVictim(tmp_path)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("arguments", [(), ("-n2",)], ids=["alone", "workers"])
def test_no_engine_is_asked_for(project: ProcessVictim, arguments: tuple[str, ...]) -> None:
    assert project.run(*arguments) == 0, project.output
    assert "4 passed" in project.output
    project.nothing_left()


def test_nor_where_there_are_compose_files(project: ProcessVictim) -> None:
    (project.root / "compose").mkdir()
    project.write("compose/db.yml", "services: {db: {image: nothing}}\n")
    assert project.run() == 0, project.output
    assert "harness: 1 service from compose" in project.output
    project.nothing_left()


def test_what_a_service_writes_about_its_secrets_is_not_shown(project: ProcessVictim) -> None:
    project.write(
        "test_it.py",
        f"""
import harness
class Service(harness.ProcessService):
    executable_path = {str(program(project.root, TELLING, "telling"))!r}
    env = {{"DB_PASSWORD": "correct-horse-battery", "PIN_TOKEN": "1234"}}
    port = 0
def test_it():
    with Service():
        pass
""",
    )
    assert project.run("-rA", CI_TOKEN="the-token-of-the-job") == 1
    assert "DB_PASSWORD=***" in project.output
    assert "PIN_TOKEN=***" in project.output
    assert "with *** and ***\n" in project.output
    for secret in ("correct-horse-battery", "1234", "the-token-of-the-job"):
        assert secret not in project.output.partition("Its last lines:")[2]
    project.nothing_left()


def test_a_service_that_is_never_left_ends_with_the_run(project: ProcessVictim) -> None:
    project.write(
        "test_it.py",
        (project.root / "test_it.py").read_text()
        + "\nLEFT = []\ndef test_leaves():\n    LEFT.append(Forking().__enter__())\n",
    )
    assert project.run() == 0, project.output
    project.nothing_left()


def test_a_fork_of_the_tests_ends_nothing_of_theirs(project: ProcessVictim) -> None:
    project.write(
        "test_it.py",
        (project.root / "test_it.py").read_text()
        + """
def test_forks(second):
    if os.fork() == 0:
        try:
            second.kill()
            second.__exit__(None, None, None)
            del second
        finally:
            import atexit
            atexit._run_exitfuncs()
            os._exit(0)
    os.wait()
    assert second.is_running
    socket.create_connection((second.host, second.port)).close()
""",
    )
    assert project.run() == 0, project.output
    project.nothing_left()


def test_another_run_at_the_same_time_is_left_alone(project: ProcessVictim) -> None:
    with project.running(step=IN_THE_BODY) as process:
        project.reached()
        services = project.services()
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
            cwd=project.root,
            env=project.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        assert set(services) <= set(project.services())
        project.go()
        assert process.wait(timeout=60) == 0, project.output
    project.nothing_left()


@pytest.mark.parametrize("arguments", [("ends",), ()], ids=["left", "not left"])
def test_without_pytest(project: ProcessVictim, arguments: tuple[str, ...]) -> None:
    project.write("script.py", SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py", *arguments],
        cwd=project.root,
        env=project.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout + done.stderr == ""
    project.nothing_left()


def test_without_pytest_and_killed(project: ProcessVictim) -> None:
    project.write("script.py", SCRIPT + "import signal\nsignal.pause()\n")
    with subprocess.Popen(
        [sys.executable, "script.py"], cwd=project.root, env=project.environment
    ) as process:
        project.reaper()
        os.kill(process.pid, signal.SIGKILL)
    project.nothing_left()
