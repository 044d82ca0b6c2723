"""Runs that are killed at random moments, one after the other."""

from __future__ import annotations

import os
import random
import signal
import statistics
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from .victim import Victim

TORTURE = bool(os.environ.get("HARNESS_TORTURE"))
KILLS = 50 if TORTURE else 3  # of each of the four: 200, or 12
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@pytest.mark.parametrize("everybody", [False, True], ids=["one process", "all of them"])
@pytest.mark.parametrize(
    "args",
    [
        pytest.param(("--harness-isolation=shared",), id="shared"),
        pytest.param(("-n2",), id="xdist"),
    ],
)
def test_random_moments(victim: Victim, args: tuple[str, ...], everybody: bool) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    began = time.monotonic()
    assert victim.run(*args) == 0, victim.output
    lasts = time.monotonic() - began
    gone = [kill(victim, args, everybody, lasts, moments) for _ in range(KILLS)]
    assert victim.run(*args) == 0, victim.output
    victim.nothing_left()  # not even the record of a run that was killed before its reaper began
    tell(
        f"{' '.join(args)}, {'all processes' if everybody else 'one process'}: {len(gone)} kills, "
        f"0 things left; gone {statistics.median(gone):.1f} s (at most {max(gone):.1f} s) after "
        f"the death of pytest"
    )


def kill(
    victim: Victim, args: tuple[str, ...], everybody: bool, lasts: float, moments: random.Random
) -> float:
    """Kill a run at a random moment; return how many seconds after its end all was gone."""
    with victim.running(*args) as process:
        time.sleep(moments.uniform(0.1, lasts))  # the moment is what is tested
        pids = [process.pid, *workers(process.pid)]
        number = moments.choice(SIGNALS)
        for pid in pids if everybody else [moments.choice(pids)]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        process.wait(timeout=120)
        ended = time.monotonic()
        victim.nothing_runs()
        return time.monotonic() - ended


def workers(pid: int) -> list[int]:
    """Return the pids of xdist's workers."""
    with suppress(psutil.Error):
        return [p.pid for p in psutil.Process(pid).children() if "python" in p.name()]
    return []


def tell(line: str) -> None:
    """Add a line to the report of ``make torture``."""
    print(line)
    if report := os.environ.get("HARNESS_TORTURE_REPORT"):
        with Path(report).open("a") as file:
            file.write(f"{line}\n")
