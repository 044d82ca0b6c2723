"""A project without a compose file and without an engine, whose services are processes."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from tests.eventually import eventually
from tests.process.programs import program, running_in

from .victim import Victim

# processes of a service: a leader, a child and its child, a daemon's child, one without variables
EACH = 5
# a service that forks: a child that ignores SIGTERM, a daemon, and one without any variable
SERVICE = """\
def child():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    fork(sleep)
    sleep()
def daemon():
    fork(sleep, session=True)
fork(child)
fork(daemon)
fork(sleep, bare=True)
server = listen()
while True:
    server.accept()[0].close()
"""
TESTS = """\
import os, socket, time
from pathlib import Path
import pytest
import harness
from tests.faults import steps

ROOT = Path(__file__).parent

class Forking(harness.ProcessService):
    executable_path = "./service"
    port = 0

    def __init__(self, before=None):
        self.env = {"BEFORE": str(before.port) if before else ""}

@pytest.fixture
def first():
    with Forking() as service:
        yield service

@pytest.fixture
def second(first):
    with Forking(first) as service:
        yield service

@pytest.mark.parametrize("number", range(4))
def test_it(number, second):
    assert second.is_running
    steps.in_the_body()
    while (ROOT / "hold").exists():
        time.sleep(0.01)
"""


class ProcessVictim(Victim):
    """Runs of a project that has no containers."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, "")
        shutil.rmtree(root / "compose")
        program(root, SERVICE)
        self.write("test_it.py", TESTS)
        self.environment["DOCKER_HOST"] = "tcp://127.0.0.1:9"  # nobody is to ask for it

    def left(self) -> list[str]:
        """Return what is left: records and processes, also those without a variable."""
        working = [f"process {p.pid}" for p in running_in(self.root)]
        return [*self.records(), *self.processes(), *working]

    def services(self) -> list[int]:
        """Return the pids of the services' processes."""
        return [p.pid for p in self._services()]

    def all_up(self) -> list[int]:
        """Wait until a test's two services are complete, and who has only forked is gone."""
        return eventually(self.services, lambda pids: len(pids) == 2 * EACH)

    def _services(self) -> Iterator[psutil.Process]:
        for process in running_in(self.root):
            with suppress(psutil.Error):
                # as nobody but these starts Python: see HEAD of the programs
                if any(option.startswith("-IS") for option in process.cmdline()):
                    yield process

    def close(self) -> None:
        for process in running_in(self.root):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        for told in self.processes():
            with suppress(ProcessLookupError):
                os.kill(int(told.split()[1]), signal.SIGKILL)
