"""The main processes of containers, where this machine can see them."""

from __future__ import annotations

from harness.engine.protocol import Snapshot
from harness.engine.reach import Reach, Seat
from harness.lease.process import (
    HAS_PROC,
    ProcessId,
    goes_on,
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
        self._known: dict[str, ProcessId] = {}
        self._processes: set[str] = set()

    def know(self, snapshot: Snapshot) -> None:
        """Take note of a container's main process."""
        known = self._known.get(snapshot.id)
        if known is not None and known.pid == snapshot.pid:
            return  # one that has ended is in no control group any more
        if snapshot.direct:
            self._processes.add(snapshot.id)
        if snapshot.pid and (snapshot.direct or (self._here and _is_of(snapshot.pid, snapshot.id))):
            self._known[snapshot.id] = ProcessId(snapshot.pid, started(snapshot.pid) or "")
        else:
            self._known.pop(snapshot.id, None)

    def forget(self, container: str) -> None:
        """A container is gone."""
        self._known.pop(container, None)
        self._processes.discard(container)

    def is_process(self, container: str) -> bool:
        """Whether it is known to be a process of this machine in the place of a container."""
        return container in self._processes

    def runs(self, container: str) -> bool | None:
        """Whether a container's main process runs; None if that cannot be seen."""
        main = self._known.get(container)
        return None if main is None else goes_on(main)


def _is_of(pid: int, container: str) -> bool:
    """Whether a process of this machine is a container's: its control group has the id in it.

    The engine may run in a machine of its own, though its socket is here.
    """
    return container.encode() in read_proc(pid, "cgroup")
