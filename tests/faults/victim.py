"""A project whose runs are killed, and a look at what that leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

import psutil
import pytest

from harness.engine.docker import DockerEngine
from harness.lease.labels import ORIGIN, OWNER
from tests.eventually import eventually

from .own_engine import OwnEngine
from .steps import FOLDER, STEP

_ROOT = Path(__file__).parent.parent.parent
COMPOSE = """\
services:
  database:
    image: debian:bookworm-slim
    command: [sleep, infinity]
    volumes: ["data:/data"]
    healthcheck: {test: ["CMD", "true"], interval: 1s}
  app:
    image: debian:bookworm-slim
    command: [sleep, infinity]
    depends_on: {database: {condition: service_healthy}}
volumes: {data: {}}
"""
TESTS = """\
import os, subprocess, sys, time
from pathlib import Path
import pytest

FOLDER = Path(os.environ["TESTS_FAULTS_FOLDER"])

@pytest.mark.app
def test_one():
    if "FORKS" in os.environ:  # a child that holds whatever its parent had open
        if os.fork() == 0:
            (FOLDER / "child").write_text(str(os.getpid()))
            time.sleep(60)
            os._exit(0)
    if "EXITS" in os.environ:
        os._exit(7)

@pytest.mark.app
def test_two(app):
    while (FOLDER / "hold").exists():
        time.sleep(0.01)

@pytest.mark.database
def test_three(database):
    pass
"""


class Victim:
    """Runs of a project that have a folder, an origin and nothing else to themselves."""

    def __init__(self, root: Path, docker_config: str) -> None:
        self.root = root
        self.temporary = root / "tmp"
        self.temporary.mkdir()
        (root / "compose").mkdir()
        self.write("compose/app.yml", COMPOSE)
        self.write("test_it.py", TESTS)
        self.write("pytest.ini", "[pytest]\n")
        self.environment = {
            **{n: v for n, v in os.environ.items() if not n.startswith("PYTEST_")},
            "TMPDIR": str(self.temporary),
            "XDG_STATE_HOME": str(root / "state"),
            "DOCKER_CONFIG": docker_config,
            "PYTHONPATH": str(_ROOT),
            FOLDER: str(root),
        }
        self._engine: DockerEngine | None = None
        self._inside: list[str] = []
        self._running: subprocess.Popen[str] | None = None

    def on(self, engine: OwnEngine) -> Victim:
        """Use an engine of the test's own, where its ports can be reached."""
        self._inside = engine.inside
        self.environment["DOCKER_HOST"] = engine.host
        return self

    @property
    def engine(self) -> DockerEngine:
        if self._engine is None:
            with pytest.MonkeyPatch.context() as patch:
                if self._inside:
                    patch.setenv("DOCKER_HOST", self.environment["DOCKER_HOST"])
                self._engine = DockerEngine()
        return self._engine

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text)

    @contextmanager
    def running(
        self, *args: str, step: str = "", **environment: str
    ) -> Iterator[subprocess.Popen[str]]:
        """Run pytest, which goes on until it is killed or has ended."""
        for name in ("reached", "go"):
            (self.root / name).unlink(missing_ok=True)
        command = [*self._inside, sys.executable, "-m", "pytest", "-p", "tests.faults.steps"]
        with (
            (self.root / f"output{environment.get('OUTPUT', '')}").open("w") as output,
            subprocess.Popen(
                [*command, "-p", "no:cacheprovider", *args],
                cwd=self.root,
                env={**self.environment, STEP: step, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            ) as process,
        ):
            self._running = process
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def run(self, *args: str, **environment: str) -> int:
        """Run pytest to its end; return its exit code."""
        with self.running(*args, **environment) as process:
            return process.wait(timeout=120)

    @property
    def output(self) -> str:
        return "\n".join(file.read_text() for file in sorted(self.root.glob("output*")))

    def reached(self) -> int:
        """Wait until the step is reached; return the pid of the process that reached it."""
        return int(eventually(self._pid_at_step, timeout=120))

    def _pid_at_step(self) -> str:
        try:
            return (self.root / "reached").read_text()
        except FileNotFoundError:
            ended = self._running is not None and self._running.poll() is not None
            assert not ended, f"the run ended before it reached the step:\n{self.output}"
            raise

    def go(self) -> None:
        """Let the step go on."""
        (self.root / "go").touch()

    @cached_property
    def labels(self) -> dict[str, str]:
        """The labels of all that any run of this project has made."""
        return {ORIGIN: self._origin()}

    def _origin(self) -> str:
        code = "from harness.lease.origin import origin; print(origin())"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def left(self) -> list[str]:
        """Return what is left: containers, networks, volumes, records and processes."""
        return [*self.things(), *self.records(), *self.processes()]

    def things(self) -> list[str]:
        """Return the containers, networks and volumes that are left."""
        return [str(thing) for thing in self.engine.things(self.labels)]

    def of_process(self, pid: int) -> list[str]:
        """Return what is there that a process has made."""
        return [str(t) for t in self.engine.things({**self.labels, OWNER: str(pid)})]

    def records(self) -> list[str]:
        return [str(p) for p in self.temporary.glob("pytest-compose-harness-*/*-*") if p.is_dir()]

    def processes(self) -> list[str]:
        """Return the processes that any run of this project has started."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get("TMPDIR") == str(self.temporary):
                    found.append(f"process {process.pid} {' '.join(process.cmdline())}")
        return found

    def reaper(self) -> int:
        """Return the pid of the reaper."""

        def find() -> int:
            told = [p for p in self.processes() if "harness.lease.reaper" in p]
            return int(told[0].split()[1]) if told else 0

        return eventually(find)

    def reapers_log(self) -> str:
        return "".join(f.read_text() for f in self.temporary.glob("*/lease-*/reaper.log"))

    def nothing_left(self) -> None:
        """Wait until nothing is left."""
        eventually(self.left, lambda left: not left, timeout=60)

    def nothing_runs(self) -> None:
        """Wait until no container, network, volume or process is left."""
        eventually(lambda: [*self.things(), *self.processes()], lambda left: not left, timeout=60)

    def close(self) -> None:
        """Remove whatever a test has left, so that its failure is its own."""
        for told in self.processes():
            with suppress(ProcessLookupError):
                os.kill(int(told.split()[1]), signal.SIGKILL)
        self.engine.remove(self.labels)
        self.engine.close()


@contextmanager
def second_home(victim: Victim, name: str) -> Iterator[Victim]:
    """The project of another user: no file is common to both."""
    root = victim.root.parent / f"{victim.root.name}-{name}"
    root.mkdir()
    other = Victim(root, victim.environment["DOCKER_CONFIG"])
    try:
        yield other
    finally:
        other.close()
