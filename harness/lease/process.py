"""Which process: never a bare pid, which the system gives to somebody else sooner or later."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_ENDED = frozenset("ZXx")


class ProcessId(NamedTuple):
    """A process of this machine.

    Attributes:
        pid: Its number.
        started: When it started, as text that is the same each time it is asked: on Linux clock
            ticks since the boot (proc(5), ``/proc/pid/stat``, field 22), elsewhere seconds.
    """

    pid: int
    started: str


def this_process() -> ProcessId:
    """Return the process that asks."""
    pid = os.getpid()
    return ProcessId(pid, started(pid) or "")


def is_alive(process: ProcessId) -> bool:
    """Whether a process still runs, be it stopped by a debugger. One that only waits does not."""
    return process.pid > 0 and started(process.pid) == process.started


def started(pid: int) -> str | None:
    """Return when a process started; None if it has ended, also if its parent was not told yet."""
    if not _PROC.joinpath("self").exists():
        return _started_elsewhere(pid)
    try:
        # the name of the program, in brackets, may hold anything, brackets and blanks too
        fields = _PROC.joinpath(str(pid), "stat").read_text(errors="replace").rpartition(")")[2]
    except OSError:
        return None
    state, *rest = fields.split()
    return None if state in _ENDED else rest[18]


def boot_id() -> str:
    """Return what differs from one start of this machine to the next."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        import psutil

        return str(int(psutil.boot_time()))


def _started_elsewhere(pid: int) -> str | None:
    """Ask without ``/proc``."""
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return f"{process.create_time():.3f}"
    except psutil.Error:
        return None
