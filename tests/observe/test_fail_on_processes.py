"""What services that are processes do fails a test, also where another worker runs them."""

from __future__ import annotations

import re

import pytest

from tests.plugin.team import Team
from tests.process.lab import ProcessLab

# Writes each line that it is sent into its log, and answers it.
SHOUT = """
server = listen()
while True:
    link, _ = server.accept()
    with link, link.makefile("rw") as lines:
        for line in lines:
            print(line, end="", flush=True)
            lines.write(line)
            lines.flush()
"""
TESTS = """
import os
import pathlib
import signal
import socket
import pytest
from eventually import eventually

HERE = pathlib.Path(__file__).parent

def both(what):
    (HERE / f"{what}-{os.environ['PYTEST_XDIST_WORKER']}").touch()
    eventually(lambda: len([*HERE.glob(f"{what}-gw*")]) == 2)

def behind(service):
    "End its process, and not by the harness; return at once."
    os.kill(service.container._control.engine.snapshot(service.container.id).pid, signal.SIGKILL)
"""


@pytest.fixture
def team(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Team:
    made = Team(pytester, monkeypatch)
    lab = ProcessLab(made.root)
    lab.compose(
        """
        echo:
          image: none
          ports: ["8080"]
          x-harness: {process: {command: [./shout]}, fail_on: {log: [^ERROR]}}
        quiet:
          image: none
          ports: ["8080"]
          x-harness: {process: {command: [./echo]}, reset: none}
        """
    )
    lab.program("shout", SHOUT)
    made.ini("harness_engine = process")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nobody/listens/here.sock")
    return made


def test_a_process_that_ends_fails_the_test_it_happened_in_and_no_other(team: Team) -> None:
    team.tests(
        TESTS
        + """
def test_dies_at_its_end(echo):
    behind(echo)

def test_asked_for(echo):
    echo.container.kill()

def test_logs(echo):
    with socket.create_connection((echo.host, echo.port), timeout=10) as link:
        link.sendall(b"ERROR of a test\\n")
        assert link.recv(99)
    eventually(lambda: "ERROR" in echo.container.logs())

@pytest.mark.services("quiet", isolation="shared")
def test_of_all(quiet):
    behind(quiet)

@pytest.mark.services("quiet", isolation="shared")
def test_next(quiet):
    assert quiet.container.status == "running"
"""
    )

    result = team.run_for_real()

    result.assert_outcomes(passed=2, failed=3)
    shown = result.stdout.str()
    assert (
        len(re.findall(r"^(echo|quiet) died .* the end of the test\.$", shown, re.MULTILINE)) == 2
    )
    assert "FAILED test_team.py::test_dies_at_its_end" in shown
    assert "FAILED test_team.py::test_of_all" in shown
    assert 'echo logged "ERROR of a test" (matches ^ERROR) ' in shown


def test_a_process_of_another_worker_counts_as_ones_own(team: Team) -> None:
    team.ini("harness_engine = process\nharness_isolation = shared")
    for name in ("one", "two"):  # whole files go to a worker each
        team.write(
            f"test_{name}.py",
            TESTS
            + f"""
def test_another_asks_for_it(quiet):
    both("inside")
    if "{name}" == "one":
        quiet.container.kill()
    eventually(lambda: quiet.container.status == "exited")
    both("seen")  # the next test would start it again

def test_nobody_asks_for_it(quiet):
    both("inside-again")
    if "{name}" == "one":
        behind(quiet)
    both("died")
""",
        )

    result = team.run_for_real("-n2", "--dist=loadfile")

    result.assert_outcomes(passed=2, failed=2)
    shown = result.stdout.str()
    assert (
        len(re.findall(r"^quiet died \(exit 137\).* the end of the test\.$", shown, re.MULTILINE))
        == 2
    )
    assert shown.count("test_nobody_asks_for_it ____") == 2
