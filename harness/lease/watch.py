"""What the reaper does: it waits for the end of a run's processes, and removes what they made."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from harness.lease.labels import RUN, owner_labels
from harness.lease.marks import mark
from harness.lease.process import ProcessId, is_alive
from harness.lease.record import Member, RunRecord
from harness.lease.started import end_started

if TYPE_CHECKING:
    from harness.engine.docker import DockerEngine

# seconds
_LOOK = 0.25  # between two looks at the record, and at processes where the kernel cannot tell
_GRACE = 2.0  # for workers whose controller is gone: an orderly end
_QUIET = 1.0  # how long nothing new must appear
_PAUSE = 0.1
_PATIENCE = 300.0  # for an engine that does not answer, or refuses


class Watch:
    """Waits for the end of a run's processes, and removes what they made."""

    def __init__(self, record: RunRecord, lock: int) -> None:
        """Take the record, and the open file by which others see that it is watched."""
        self._record = record
        self._lock = lock

    def run(self) -> None:
        """Watch until the run is over and nothing of it is left."""
        while self._is_current():
            members = self._record.members()
            dead = [m for m in members if not is_alive(m.process)]
            if not dead:
                _wait([m.process for m in members])
            elif not self._bury(dead):
                return

    def _is_current(self) -> bool:
        """Whether the record is still that of the run which this reaper was started for."""
        try:
            return os.path.samestat(os.fstat(self._lock), (self._record.folder / "reaper").stat())
        except FileNotFoundError:
            return False

    def _bury(self, dead: Iterable[Member]) -> bool:
        """Remove what processes left that have died; return whether others go on.

        The last one to die may have been creating something when it did, and so may the engine:
        it is looked again and again until nothing new appears.
        """
        if any(m.leads for m in dead):
            _end([m.process for m in self._record.members()])
        for member in dead:
            self._end_started(member)
        if self._goes_on():
            for member in dead:
                self._remove(
                    {RUN: self._record.run, **owner_labels(member.process)},
                    partial(self._end_started, member),
                )
                self._record.forget(member)
            return True
        with self._record.locked():
            if self._goes_on():
                return True
            if self._remove({RUN: self._record.run}, self._end_all_started):
                self._record.remove()
        return False

    def _end_started(self, member: Member) -> int:
        """End the processes that a dead member has started; return how many that were."""
        return end_started([self._record.folder_of(member)], mark(self._record.run, member.name))

    def _end_all_started(self) -> int:
        return end_started(self._record.folders, mark(self._record.run))

    def _goes_on(self) -> bool:
        return any(is_alive(m.process) for m in self._record.members())

    def _remove(self, labels: Mapping[str, str], end: Callable[[], int]) -> bool:
        """End processes, and remove all with these labels; return whether that came about.

        A run that made no stacks has nothing to do with an engine.
        """
        begun = time.monotonic()
        seen = begun
        engine: DockerEngine | None = None
        while time.monotonic() - begun < _PATIENCE:
            try:
                if end():
                    seen = time.monotonic()
                if self._record.any_uses:
                    engine = engine or _engine()
                if engine and engine.things(labels):
                    seen = time.monotonic()
                    engine.remove(labels)
                elif time.monotonic() - seen > _QUIET:
                    if engine:
                        engine.close()
                    return True
                time.sleep(_PAUSE)
            except Exception as error:  # an engine that restarts says many things
                _log(f"{type(error).__name__}: {error}")
                seen = time.monotonic()
                time.sleep(_PAUSE * 5)
        _log(f"gave up after {_PATIENCE:.0f} s: the next run, or `harness prune`, removes the rest")
        return False


def _engine() -> DockerEngine:
    from harness.engine.docker import DockerEngine

    return DockerEngine()


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


def _log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
