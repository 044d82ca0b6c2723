"""The sweep: removing what only a machine's death, or the reaper's, can leave."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.lease.family import of
from harness.lease.judge import Here, is_abandoned
from harness.lease.kept import KeptStacks, checkout_of
from harness.lease.labels import ORIGIN, OWNER, RUN, STACK, STARTED
from harness.lease.marks import mark
from harness.lease.origin import origin
from harness.lease.process import ProcessId, boot_id, is_alive
from harness.lease.record import RunRecord, records, remove_halves
from harness.lease.shared import shared_folder
from harness.lease.spawn import is_watched
from harness.lease.started import end_started, started_in

if TYPE_CHECKING:
    from harness.engine.protocol import Engine, Thing

_SAME = (RUN, STACK, ORIGIN, OWNER, STARTED)


def sweep(engine: Engine, say: Callable[[str], object]) -> None:
    """Remove what nobody wants any more, and say so. What the engine refuses is said, too."""
    forget_dead_runs()
    with abandoned(engine) as found:
        if found:
            say(f"removing what an earlier run left: {summary(found)}")
        for error in remove(engine, found):
            say(str(error))


@contextmanager
def abandoned(engine: Engine, now: float | None = None) -> Iterator[list[Thing]]:
    """Find what nobody wants any more; no run takes up what was kept until the context ends.

    Args:
        engine: Where to look.
        now: The time, if it is to be another than the clock's, in seconds since 1970.
    """
    now = time.time() if now is None else now
    with ExitStack() as taken:
        here = Here(origin(), boot_id(), now, is_alive, _Keeper(taken, now).until)
        yield [thing for thing in engine.things({RUN: ""}) if is_abandoned(thing.labels, here)]


@contextmanager
def of_this_origin(engine: Engine) -> Iterator[list[Thing]]:
    """Find what runs of this user on this machine have made, also what is in use or kept."""
    yield engine.things({RUN: "", ORIGIN: origin()})


def remove(engine: Engine, things: Iterable[Thing]) -> list[HarnessError]:
    """Remove things, and all that has the same labels; return what the engine refused."""
    groups = {tuple((k, t.labels[k]) for k in _SAME if k in t.labels): None for t in things}
    refused = []
    for labels in groups:
        try:
            engine.remove(dict(labels))
        except HarnessError as error:
            refused.append(error)
    for labels in groups:
        run, stack = dict(labels)[RUN], dict(labels).get(STACK, "")
        if checkout_of(run) is not None and stack.startswith(run):
            for file in shared_folder().glob(f"{stack}.*"):  # what said that it is ready
                file.unlink(missing_ok=True)
    return refused


def summary(things: Sequence[Thing]) -> str:
    """Return how many of each kind there are, and of which runs."""
    return f"{counted(things)} ({', '.join(sorted({thing.labels[RUN] for thing in things}))})"


def counted(things: Sequence[Thing]) -> str:
    """Return how many of each kind there are."""
    kinds = Counter(thing.kind for thing in things)
    return ", ".join(f"{n} {kind if n == 1 else _plural(kind)}" for kind, n in kinds.items())


def dead_runs() -> list[RunRecord]:
    """Return the records of runs whose processes and reaper are gone."""
    return [record for record in records() if not is_watched(record) and _is_dead(record)]


def started_by(runs: Iterable[RunRecord]) -> list[Thing]:
    """Return the processes that runs have started, services and all that came of them."""
    from harness.engine.protocol import Thing

    return [
        Thing("process", str(process.pid), f"{process.pid} {_program(process)}", {RUN: record.run})
        for record in runs
        for process in sorted(of(started_in(record.folders), mark(record.run)))
    ]


def end_started_by(runs: Iterable[RunRecord]) -> None:
    """Kill the processes that runs have started."""
    for record in runs:
        end_started(record.folders, mark(record.run))


def forget_dead_runs() -> None:
    """Remove the records of runs whose processes and reaper are gone, and end what they started."""
    remove_halves()
    for record in dead_runs():
        with record.locked():
            if _is_dead(record):
                end_started_by([record])
                record.remove()


def _is_dead(record: RunRecord) -> bool:
    return not any(is_alive(member.process) for member in record.members())


def _program(process: ProcessId) -> str:
    """Name a process's program: its arguments might hold secrets."""
    import psutil

    try:
        return f"({psutil.Process(process.pid).name()})"
    except psutil.Error:
        return "(ended)"


def _plural(kind: str) -> str:
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"


class _Keeper:
    """Knows until when stacks are kept, and has no run take up those that have expired."""

    def __init__(self, taken: ExitStack, now: float) -> None:
        self._taken = taken
        self._now = now
        self._until: dict[str, float | None] = {}

    def until(self, run: str) -> float | None:
        """Return until when kept stacks are kept; infinity while a run uses them."""
        checkout = checkout_of(run)
        if checkout is None:
            return None
        if run not in self._until:
            kept = KeptStacks(checkout, f"sweep-{os.getpid()}")
            self._until[run] = kept.expires()
            if (self._until[run] or 0.0) < self._now:
                if kept.take():
                    self._taken.callback(kept.leave)
                else:
                    self._until[run] = math.inf
        return self._until[run]
