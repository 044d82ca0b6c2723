"""Whole runs of pytest with services as processes: across workers, without an engine, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.process.lab import ProcessLab
from tests.process.programs import gone, running_in

TESTS = """
import os, pathlib, pytest, socket, time

HERE = pathlib.Path(__file__).parent

def ask(service):
    with socket.create_connection((service.host, service.port), timeout=10) as link:
        link.sendall(b"hello\\n")
        return link.recv(99)

@pytest.mark.parametrize("number", range(6))
def test_it_answers(echo, number):
    assert ask(echo) == b"hello\\n"
    with open(HERE / f"ports-{os.getpid()}", "a") as file:
        file.write(f"{echo.port}\\n")
"""
WAITS = """
import pathlib, time

def test_waits(echo, cache):
    draft = pathlib.Path("draft")
    draft.write_text("here")
    draft.rename("reached")
    time.sleep(600)
"""
COMPOSE = """
echo:
  image: none
  ports: ["8080"]
  x-harness: {reset: none, process: {command: [./echo]}}
cache:
  image: redis:7
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    ProcessLab(tmp_path).compose(COMPOSE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nharness_engine = process\n")
    return tmp_path


@contextmanager
def pytest_in(folder: Path, *args: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *args],
        cwd=folder,
        env={
            **os.environ,
            "DOCKER_HOST": "unix:///nobody/listens/here.sock",
            "TMPDIR": str(temporary),
            **env,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def left_in(folder: Path) -> list[str]:
    """Return the processes of a project, and what runs have left in its temporary folder."""
    files = [*(folder / "tmp").glob("pytest-compose-harness-*/lease-*")]
    files += (folder / "tmp").glob("pytest-compose-harness-*-data/*")
    return [*map(str, files), *(f"{p.pid} {p.cmdline()}" for p in running_in(folder))]


@pytest.mark.parametrize("isolation", ["fresh", "reset", "shared"])
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_needs_no_engine_and_leaves_nothing(
    project: Path, isolation: str, workers: str
) -> None:
    (project / "test_it.py").write_text(TESTS)

    with pytest_in(project, "-n", workers, f"--harness-isolation={isolation}") as run:
        out, _ = run.communicate(timeout=120)

    assert "6 passed" in out
    ports = [port for file in project.glob("ports-*") for port in file.read_text().split()]
    assert len(ports) == 6
    if isolation == "shared":
        assert len({*ports}) == 1
    assert eventually(lambda: left_in(project), until=lambda left: not left) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_leaves_nothing(project: Path, number: signal.Signals) -> None:
    (project / "test_it.py").write_text(WAITS)

    with pytest_in(project) as run:
        eventually((project / "reached").exists, until=bool, timeout=60)
        started = running_in(project)
        assert len(started) > 1
        run.send_signal(number)
        run.communicate(timeout=60)

    assert eventually(lambda: left_in(project), until=lambda left: not left, timeout=30) == []
    assert all(gone(process.pid) for process in started)


def test_what_does_not_go_together_is_told(project: Path) -> None:
    (project / "test_it.py").write_text(TESTS)

    with pytest_in(project, "--harness-keep") as run:
        out, _ = run.communicate(timeout=60)

    assert "--harness-keep: there is no such thing for processes" in out


def test_an_unknown_engine_is_told(project: Path) -> None:
    with pytest_in(project, HARNESS_ENGINE="podman") as run:
        out, _ = run.communicate(timeout=60)

    assert "HARNESS_ENGINE: 'podman' is not docker or process" in out
