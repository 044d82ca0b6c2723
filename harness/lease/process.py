"""Which process: never a bare pid, which the system gives to somebody else sooner or later."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import NamedTuple

HAS_PROC = Path("/proc/self").exists()
_PIDS = Path("/proc/self/ns/pid")
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_KILL = 1 << (signal.SIGKILL - 1)
_EXITING = 0x4
_ENDED = frozenset((b"Z", b"X", b"x"))


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


def goes_on(process: ProcessId) -> bool:
    """Whether a process runs, and is not about to end with nothing to keep it from that.

    The kernel hands SIGKILL to every thread of one that any signal is to end (``complete_signal``
    in ``kernel/signal.c``), and marks one that exits (``PF_EXITING``): fields 31 and 9 of
    ``/proc/pid/stat`` (proc(5)).
    """
    fields = read_proc(process.pid, "stat").rpartition(b")")[2].split(None, 29)
    if len(fields) <= 28:
        return is_alive(process)  # there is no /proc, or no process
    dying = int(fields[28]) & _KILL or int(fields[6]) & _EXITING
    return fields[0] not in _ENDED and fields[19].decode() == process.started and not dying


def started(pid: int) -> str | None:
    """Return when a process started; None if it has ended, also if its parent was not told yet."""
    found = look(pid)
    return found.started if found and not found.ended else None


class Entry(NamedTuple):
    """What the system knows of a process.

    Attributes:
        pid: Its number.
        parent: That of its parent; 1, or a reaper's, once its own parent has ended.
        group: That of the process which leads its group.
        session: That of the process which leads its session.
        started: When it started, as in ``ProcessId``.
        ended: Whether it only waits for its parent to be told.
    """

    pid: int
    parent: int
    group: int
    session: int
    started: str
    ended: bool = False


def look(pid: int) -> Entry | None:
    """Look at a process; None if there is none."""
    if not HAS_PROC:
        return _look_elsewhere(pid)
    # the name of the program, in brackets, may hold anything, brackets and blanks too
    fields = read_proc(pid, "stat").rpartition(b")")[2].split(None, 20)
    if len(fields) < 20:
        return None
    parent, group, session = map(int, fields[1:4])
    return Entry(pid, parent, group, session, fields[19].decode(), fields[0] in _ENDED)


def read_proc(pid: int, name: str) -> bytes:
    """Return what ``/proc`` says of a process, empty if it has ended or belongs to another user.

    Hundreds are read at a time: file objects would take twice as long.
    """
    parts = []
    try:
        file = os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            while part := os.read(file, 1 << 16):
                parts.append(part)
        finally:
            os.close(file)
    except OSError:
        return b""
    return b"".join(parts)


def processes() -> dict[int, Entry]:
    """Return all processes of this machine that have not ended."""
    if HAS_PROC:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    else:
        import psutil

        pids = psutil.pids()
    found = map(look, pids)
    return {entry.pid: entry for entry in found if entry and not entry.ended}


def boot_id() -> str:
    """Return what differs from one start of this machine to the next."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        import psutil

        return str(int(psutil.boot_time()))


def _look_elsewhere(pid: int) -> Entry | None:
    """Look without ``/proc``."""
    import psutil

    try:
        process = psutil.Process(pid)
        ended = process.status() == psutil.STATUS_ZOMBIE
        began = f"{process.create_time():.3f}"
        return Entry(pid, process.ppid(), os.getpgid(pid), os.getsid(pid), began, ended)
    except (psutil.Error, OSError):
        return None


def pid_namespace() -> int:
    """Return the inode of the namespace in which pids mean what they mean to this process."""
    try:
        return _PIDS.stat().st_ino
    except OSError:  # not Linux: there is one
        return 0
