"""What the reaper does: it waits for the end of a run's processes, and removes what they made."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial

from harness.lease.labels import RUN, owner_labels
from harness.lease.marks import mark
from harness.lease.process import ProcessId, is_alive
from harness.lease.record import Member, RunRecord
from harness.lease.removal import Removal
from harness.lease.started import end_started

# seconds
_LOOK = 0.25  # between two looks at the record, and at processes where the kernel cannot tell
_GRACE = 2.0  # for workers whose controller is gone: an orderly end
_PAUSE = 0.1


class Watch:
    """Waits for the end of a run's processes, and removes what they made."""

    def __init__(self, record: RunRecord, lock: int) -> None:
        """Take the record, and the open file by which others see that it is watched."""
        self._record = record
        self._lock = lock
        self._removals: dict[str, Removal] = {}

    def run(self) -> None:
        """Watch until the run is over and nothing of it is left."""
        while self._is_current():
            members = self._record.members()
            alive = [m for m in members if is_alive(m.process)]
            dead = [m for m in members if m not in alive]
            if dead and not alive:
                if self._end_run():
                    return
            elif self._bury(dead, alive):
                time.sleep(_PAUSE)
            else:
                _wait([m.process for m in alive])

    def _is_current(self) -> bool:
        """Whether the record is still that of the run which this reaper was started for."""
        try:
            return os.path.samestat(os.fstat(self._lock), (self._record.folder / "reaper").stat())
        except FileNotFoundError:
            return False

    def _bury(self, dead: Iterable[Member], alive: Iterable[Member]) -> bool:
        """Remove some of what dead processes left while others go on; return if there was any.

        The others are ended if one has died without which they are of no use.
        """
        if any(m.leads for m in dead):
            _end([m.process for m in alive])
        under_way = False
        for member in dead:
            removal = self._removals.get(member.name) or self._removal_of(member)
            self._removals[member.name] = removal
            if removal.given_up:
                continue  # the end of the run is another occasion
            under_way = True
            if removal.step():
                removal.close()
                self._record.forget(member)
        return under_way

    def _end_run(self) -> bool:
        """Remove all that a run has left of which nobody lives; return whether it is over."""
        with self._record.locked():
            if any(is_alive(m.process) for m in self._record.members()):
                return False  # somebody has joined
            removal = Removal(
                {RUN: self._record.run}, self._end_all_started, lambda: self._record.any_uses
            )
            while not removal.step():
                if removal.given_up:
                    return True
                time.sleep(_PAUSE)
            self._record.remove()
        return True

    def _removal_of(self, member: Member) -> Removal:
        return Removal(
            {RUN: self._record.run, **owner_labels(member.process)},
            partial(self._end_started, member),
            lambda: self._record.any_uses,
        )

    def _end_started(self, member: Member) -> int:
        """End the processes that a dead member has started; return how many that were."""
        return end_started([self._record.folder_of(member)], mark(self._record.run, member.name))

    def _end_all_started(self) -> int:
        return end_started(self._record.folders, mark(self._record.run))


def _wait(processes: Iterable[ProcessId]) -> None:
    """Wait until one of them ends, and no longer than until the next look at the record."""
    opened = []
    try:
        for process in processes:
            opened.append(_pidfd(process.pid))
        select.select(opened, (), (), _LOOK)
    except (AttributeError, OSError):  # not Linux, or an old one; or it has just ended
        time.sleep(_LOOK / 5 if opened else _LOOK)
    finally:
        for file in opened:
            os.close(file)


def _pidfd(pid: int) -> int:
    """Return a file that can be read from when a process has ended (pidfd_open(2), Linux 5.3)."""
    opens: Callable[[int], int] = os.pidfd_open
    return opens(pid)


def _end(processes: Iterable[ProcessId]) -> None:
    """Have processes end in good order, and kill those that do not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        left = [p for p in processes if is_alive(p)]
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)
        deadline = time.monotonic() + _GRACE
        while any(is_alive(p) for p in left) and time.monotonic() < deadline:
            time.sleep(_PAUSE / 2)
