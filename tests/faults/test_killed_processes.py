"""Whatever ends a run of process services, at whatever step: nothing of it is left.

There is neither a compose file nor an engine.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually

from .process_victim import ProcessVictim
from .steps import IN_THE_BODY, PROCESS_STEPS
from .test_killed import EXIT_CODES, SIGNALS
from .test_sweep import prune

# forking services: a leader, a child and its child, a daemon's child, one without variables
_EACH = 5


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[ProcessVictim]:
    made = ProcessVictim(tmp_path)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("number", SIGNALS, ids=lambda n: n.name)
@pytest.mark.parametrize("step", PROCESS_STEPS)
def test_pytest_is_killed(victim: ProcessVictim, step: str, number: signal.Signals) -> None:
    with victim.running(step=step) as process:
        assert victim.reached() == process.pid
        os.kill(process.pid, number)
        victim.go()
        assert process.wait(timeout=60) == EXIT_CODES[number], victim.output
    assert "INTERNALERROR" not in victim.output
    if (step, number) == ("before the reaper answers", signal.SIGKILL):
        assert not victim.services()
        assert victim.run() == 0, victim.output  # which finds the record, and nothing else
    victim.nothing_left()


@pytest.mark.parametrize("number", SIGNALS, ids=lambda n: n.name)
def test_a_worker_is_killed(victim: ProcessVictim, number: signal.Signals) -> None:
    (victim.root / "hold").touch()
    with victim.running("-n2", step=IN_THE_BODY) as process:
        worker = victim.reached()
        eventually(victim.services, lambda pids: len(pids) == 2 * 2 * _EACH)
        os.kill(worker, number)
        victim.go()
        # its services are gone while those of the other one go on
        mark = f"/member-{worker}-"
        eventually(lambda: [m for m in _marks(victim) if mark in m], lambda left: not left)
        assert victim.services()
        (victim.root / "hold").unlink()
        assert process.wait(timeout=60) > 0, victim.output
    victim.nothing_left()


@pytest.mark.parametrize("number", SIGNALS, ids=lambda n: n.name)
def test_the_controller_is_killed(victim: ProcessVictim, number: signal.Signals) -> None:
    with victim.running("-n2", step=IN_THE_BODY) as process:
        victim.reached()
        os.kill(process.pid, number)
        victim.go()
        process.wait(timeout=60)
    victim.nothing_left()


def test_the_reaper_is_killed_and_then_pytest(victim: ProcessVictim) -> None:
    with victim.running(step=IN_THE_BODY) as process:
        victim.reached()
        os.kill(victim.reaper(), signal.SIGKILL)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert len(victim.services()) == 2 * _EACH
    assert victim.run() == 0, victim.output
    victim.nothing_left()


def test_prune_ends_what_runs_have_left_where_there_is_no_engine(victim: ProcessVictim) -> None:
    with victim.running(step=IN_THE_BODY) as process:
        victim.reached()
        live = prune(victim)
        assert "process" not in live.stdout
        os.kill(victim.reaper(), signal.SIGKILL)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    left = victim.services()
    dry = prune(victim, "--dry-run")
    assert f"{2 * _EACH} processes would be removed." in dry.stdout
    assert all(f" {pid} (" in dry.stdout for pid in left)
    assert victim.services() == left
    done = prune(victim)
    assert f"{2 * _EACH} processes removed." in done.stdout
    assert (done.returncode, done.stderr.partition(" at ")[0]) == (
        1,
        "Error: wanted a Docker Engine",
    )
    victim.nothing_left()


def test_prune_takes_the_processes_of_a_live_run_only_when_it_is_told_to(
    victim: ProcessVictim,
) -> None:
    with victim.running(step=IN_THE_BODY) as process:
        victim.reached()
        assert "removed" not in prune(victim, "--all", answer="n\n").stdout
        assert len(victim.services()) == 2 * _EACH
        assert f"{2 * _EACH} processes removed." in prune(victim, "--all", "--yes").stdout
        assert victim.services() == []
        victim.go()
        process.wait(timeout=60)
    victim.nothing_left()


def test_a_number_that_is_somebody_elses_by_now_is_left_alone(victim: ProcessVictim) -> None:
    with victim.running(step=IN_THE_BODY) as process:
        victim.reached()
        os.kill(victim.reaper(), signal.SIGKILL)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    # as if the number of a service that has ended were this process's now
    [entry, *_] = victim.temporary.glob("*/lease-*/*.files/process-*")
    entry.write_text(f'[{os.getpid()}, "1"]')
    assert victim.run() == 0, victim.output
    victim.nothing_left()


def _marks(victim: ProcessVictim) -> list[str]:
    found = []
    for pid in victim.services():
        try:
            found.append(psutil.Process(pid).environ().get("PYTEST_COMPOSE_HARNESS", ""))
        except psutil.NoSuchProcess:
            continue
    return found
