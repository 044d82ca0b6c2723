"""A process with all that came of it, and its end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress

from harness.lease.marks import marked
from harness.lease.process import Entry, ProcessId, is_alive, processes

_PATIENCE = 10.0  # seconds for the kernel to end what was killed
_PAUSE = 0.002


def family(
    table: Mapping[int, Entry], roots: Iterable[ProcessId], me: int = 0
) -> frozenset[ProcessId]:
    """Return those of all processes that came of some, and these themselves. Pure.

    To it belong children, and whoever is in a group or a session that one of them leads. A root
    that has ended counts for its group and session too: the system gives its number to nobody
    else as long as somebody is in them.

    Args:
        table: All processes, by their pids.
        roots: Where to begin.
        me: The pid that is never one of them, nor are those that came of it.
    """
    heads = {r.pid for r in roots if r.pid not in table or table[r.pid].started == r.started}
    heads -= {0, me}
    found = heads & table.keys()
    while True:
        more = {
            entry.pid
            for entry in table.values()
            if entry.pid not in found
            and entry.pid != me
            and (entry.parent in found or entry.group in heads or entry.session in heads)
        }
        if not more:
            return frozenset(ProcessId(pid, table[pid].started) for pid in found)
        found |= more
        heads |= more


def of(roots: Collection[ProcessId], mark: str = "", since: str = "0") -> frozenset[ProcessId]:
    """Return what came of some processes, and of those that carry a mark.

    Args:
        roots: The processes.
        mark: How the mark begins; without one nobody's is looked at.
        since: When the first of those could have started.
    """
    table = processes()
    young = (e for e in table.values() if float(e.started) >= float(since or 0))
    carriers = marked(mark, young) if mark else []
    return family(table, [*roots, *carriers], os.getpid())


def end(look: Callable[[], Collection[ProcessId]]) -> frozenset[ProcessId]:
    """Kill processes, all of them: also those that come while they are looked for.

    They are stopped first, until a look finds no other: what is stopped starts nothing, and what
    has been found is known though its parent ends.

    Args:
        look: Finds them, as far as they can be seen now.

    Returns:
        Those that were killed.
    """
    caught: set[ProcessId] = set()
    while new := {p for p in look() if p not in caught}:
        for process in new:
            send(process, signal.SIGSTOP)
        caught |= new
    killed = frozenset(process for process in caught if send(process, signal.SIGKILL))
    deadline = time.monotonic() + _PATIENCE
    while any(is_alive(p) for p in killed) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    return killed


def send(process: ProcessId, number: signal.Signals) -> bool:
    """Send a signal to a process; return whether it was there, and is this user's."""
    if is_alive(process):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, number)
            return True
    return False
