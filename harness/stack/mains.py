"""The main processes of containers, where this machine can see them."""

from __future__ import annotations

from harness.engine.protocol import Snapshot
from harness.engine.reach import Reach, Seat
from harness.lease.process import (
    HAS_PROC,
    ProcessId,
    is_alive,
    is_dying,
    read_proc,
    started,
)


class Mains:
    """Says at once whether a container runs.

    The engine tells of a death 40 to 170 ms after it (measured, Engine 20.10), and a look at a
    container over its API takes 1 ms of processor time; one at ``/proc`` takes 10 µs.
    """

    def __init__(self, reach: Reach) -> None:
        """Know of none.

        Args:
            reach: How the engine is reached: pids are those of its machine.
        """
        self._here = HAS_PROC and reach.seat is Seat.MACHINE
        self._all = reach.direct  # they are no containers
        self._known: dict[str, ProcessId] = {}

    def know(self, snapshot: Snapshot) -> None:
        """Take note of a container's main process."""
        known = self._known.get(snapshot.id)
        if known is not None and known.pid == snapshot.pid:
            return  # one that has ended is in no control group any more
        if self._here and snapshot.pid and (self._all or _is_of(snapshot.pid, snapshot.id)):
            self._known[snapshot.id] = ProcessId(snapshot.pid, started(snapshot.pid) or "")
        else:
            self._known.pop(snapshot.id, None)

    def forget(self, container: str) -> None:
        """A container is gone."""
        self._known.pop(container, None)

    def runs(self, container: str) -> bool | None:
        """Whether a container's main process runs; None if that cannot be seen."""
        main = self._known.get(container)
        return None if main is None else is_alive(main) and not is_dying(main.pid)


def _is_of(pid: int, container: str) -> bool:
    """Whether a process of this machine is a container's: its control group has the id in it.

    The engine may run in a machine of its own, though its socket is here.
    """
    return container.encode() in read_proc(pid, "cgroup")
