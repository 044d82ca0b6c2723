"""What every work measures with: the engine, Compose, the harness under test, and its peers."""

from __future__ import annotations

import functools
import itertools
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from docker import APIClient

from bench.environments import docker_config
from bench.project import Chain, write_file
from bench.runner import PytestRun, run_pytest
from bench.sample import Measured, NotAvailableError, Sample, alternate
from bench.sweep import LABEL, sweep, wait_until_gone

# imported before the clock starts
HARNESS_IMPORTS = "harness.*,docker,yaml,requests,filelock,psutil,concurrent.futures"
PYTHON = Path(sys.executable)
_NOT_INHERITED = ("HARNESS_", "COMPOSE_", "PYTEST_", "PYTHONDONTWRITEBYTECODE")
PLAIN = ("-p", "no:harness", "-c", "plain.ini")


@dataclass
class Bench:
    """One run of the benchmark.

    Attributes:
        folder: Where environments and projects are kept.
        quick: One round of everything, and less of the large works.
        rounds: How often each contestant runs, if a work does not say otherwise.
        say: Shows progress.
    """

    folder: Path
    quick: bool
    rounds: int
    say: Callable[[str], None]
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    def __post_init__(self) -> None:
        self.client = APIClient(version="auto")
        self.projects = self.folder / "projects" / self.run
        self._numbers = itertools.count(1)
        # everybody finds the same Compose, as the docker command's plugin
        os.environ["DOCKER_CONFIG"] = str(docker_config(self.folder))
        # an installed package has its bytecode: nobody shall compile anew at each start
        for name in [n for n in os.environ if n.startswith(_NOT_INHERITED)]:
            del os.environ[name]

    def some(self, rounds: int) -> int:
        """Return how many rounds of a work: those it wants, one if it is to be quick."""
        return 1 if self.quick else max(1, round(rounds * self.rounds / 7))

    def new_project(self, name: str) -> Path:
        """Make an empty folder for a project."""
        folder = self.projects / f"{next(self._numbers):03}-{name}"
        folder.mkdir(parents=True)
        return folder

    def alternate(self, contestants: Mapping[str, Callable[[], Sample]], rounds: int) -> Measured:
        """Let contestants run in turn."""
        return alternate(contestants, rounds, self.clean, self.say)

    def clean(self) -> None:
        """Remove whatever the contestants left."""
        sweep(self.client, self.run)

    def close(self) -> None:
        """Leave nothing behind but the environments."""
        try:
            self.clean()
        finally:
            self.client.close()
            shutil.rmtree(self.projects, ignore_errors=True)

    @functools.cached_property
    def _harness_help(self) -> str:
        empty = self.new_project("help")
        command = [str(PYTHON), "-m", "pytest", "--help"]
        return subprocess.run(command, cwd=empty, capture_output=True, text=True, check=True).stdout

    def knows(self, option: str) -> bool:
        """Whether the harness under test has an option."""
        return option in self._harness_help

    def options(self, isolation: str = "fresh", ahead: int | None = None) -> list[str]:
        """Return the harness's options for a way to run.

        Raises:
            NotAvailableError: The harness under test does not know an option that it takes.
        """
        options = []
        if self.knows("--harness-isolation"):
            options.append(f"--harness-isolation={isolation}")
        elif isolation != "fresh":  # without the option every stack is fresh
            raise NotAvailableError("not available: no --harness-isolation")
        if self.knows("--harness-ahead"):
            options += [] if ahead is None else ["--harness-ahead", str(ahead)]
        elif ahead:
            raise NotAvailableError("not available: no --harness-ahead")
        return options

    def harness(self, root: Path, *args: str, **env: str) -> PytestRun:
        """Run pytest with the harness."""
        given = {"BENCH_IMPORT": HARNESS_IMPORTS, "BENCH_LABEL": f"{LABEL}={self.run}", **env}
        return run_pytest(PYTHON, root, args, given)

    def plain(self, root: Path, *args: str, **env: str) -> PytestRun:
        """Run the same pytest without the harness; a local socket stands for the services."""
        given = {"BENCH_IMPORT": HARNESS_IMPORTS, "BENCH_PLAIN": "1", **env}
        return run_pytest(PYTHON, root, [*PLAIN, *args], given)

    def gone(self, run: PytestRun) -> float:
        """Return when all that a run made was gone."""
        return run.removed or wait_until_gone(self.client, self.run)

    def sample(self, run: PytestRun) -> Sample:
        """Return the time to the first test's body, and from the last one's end to all gone."""
        gone = self.gone(run)
        return Sample(run.tests[0].body - run.collected, gone - run.tests[-1].end)

    def compose_up(self, chains: Sequence[Chain]) -> Sample:
        """Run ``docker compose up --wait``, and ``down``."""
        root = self.new_project("compose")
        write_file(root / "compose.yaml", chains, self.run)
        base = ["docker", "compose", "-p", f"bench-{uuid.uuid4().hex[:8]}"]
        began = time.perf_counter()
        subprocess.run([*base, "up", "--wait"], cwd=root, check=True, capture_output=True)
        up = time.perf_counter()
        subprocess.run([*base, "down", "-v", "-t", "0"], cwd=root, check=True, capture_output=True)
        return Sample(up - began, time.perf_counter() - up)
