"""What a failing test's report tells of services that run as processes."""

from __future__ import annotations

from pathlib import Path

from tests.process.lab import ProcessLab
from tests.process.test_whole_runs import pytest_in

from .test_failing_tests import section

MORTAL = """
server = listen()
print("ready to serve", flush=True)
link, _ = server.accept()
while link.recv(99) != b"die":
    link, _ = server.accept()
print("ERROR told to die by " + os.environ["APP_TOKEN"], flush=True)
sys.exit(3)
"""
TESTS = """
import socket, time

def test_it(mortal, echo):
    with socket.create_connection((mortal.host, mortal.port), timeout=10) as link:
        link.sendall(b"die")
    deadline = time.monotonic() + 30
    while mortal.container.status == "running" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert 0
"""


def test_a_process_that_dies_is_told_with_what_it_wrote(tmp_path: Path) -> None:
    lab = ProcessLab(tmp_path)
    lab.compose(
        """
        echo:
          image: none
          ports: ["8080"]
          x-harness: {process: {command: [./echo]}}
        mortal:
          image: none
          ports: ["8080"]
          environment: {APP_TOKEN: not-to-be-shown-to-anybody}
          x-harness: {process: {command: [./mortal]}}
        """
    )
    lab.program("mortal", MORTAL)
    (tmp_path / "pytest.ini").write_text("[pytest]\nharness_engine = process\n")
    (tmp_path / "test_it.py").write_text(TESTS)

    with pytest_in(tmp_path) as run:
        out, _ = run.communicate(timeout=120)

    told = section(out)
    assert told.startswith("mortal died (exit 3) ")
    assert "mortal | ready to serve" in told
    assert "mortal | ERROR told to die by ***" in told
    assert "mortal | [died, exit 3]" in told
    assert "mortal  exited (exit 3), " in told
    assert "echo    running" in told
    assert "memory peak" in told
    assert "not-to-be-shown" not in out
