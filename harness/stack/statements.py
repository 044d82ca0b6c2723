"""Asking an engine what has become of a test's containers, before they are gone.

What is made of it is decided in ``observe/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from harness.engine.protocol import Snapshot
from harness.errors import HarnessError, masked
from harness.observe.evidence import Statement, Witness
from harness.observe.lines import LOG_LINES, Line, read_log
from harness.stack.yard import Yard

_AT_ONCE = 8
# seconds that the engine's event of a death may take after the engine itself knows of it
_EVENT = 1.0


def statements(yard: Yard, witnesses: Sequence[Witness], since: float) -> list[Statement]:
    """Ask the engine for the log and the state of containers.

    Args:
        yard: What stacks are made with.
        witnesses: The containers.
        since: From when on the logs of those matter that others use, too, in seconds since the
            epoch. Those of a test's own are read from their beginning.
    """
    if not witnesses:
        return []
    with ThreadPoolExecutor(min(_AT_ONCE, len(witnesses))) as pool:
        return [*pool.map(lambda witness: _asked(yard, witness, since), witnesses)]


def _asked(yard: Yard, witness: Witness, since: float) -> Statement:
    peak: int | None = None
    snapshot: Snapshot | None = None
    ended = 0.0
    with suppress(HarnessError):
        snapshot = yard.engine.snapshot(witness.container)
        if snapshot.finished and not yard.events.ended(witness.container):
            yard.events.wait(witness.container, _EVENT)
        if snapshot.finished and snapshot.finished_at:
            ended = snapshot.finished_at - yard.ahead
        if snapshot.status == "running":
            with suppress(HarnessError):
                peak = yard.engine.memory_peak(witness.container)
    return Statement(witness, snapshot, peak, logged(yard, witness, since), ended)


def logged(yard: Yard, witness: Witness, since: float, tail: int = LOG_LINES) -> list[Line]:
    """Return the last lines that a container wrote; none where they cannot be read."""
    try:
        log = yard.engine.logs(
            witness.container,
            since=None if witness.own else since,
            tail=tail,
            timestamps=True,
        )
    except HarnessError:
        return []
    return read_log(witness.label, log, masked)
