"""A process and its descendants, as the engine tells of a container's."""

from __future__ import annotations

import re
from pathlib import Path

import psutil

from harness.engine.protocol import Process
from harness.lease.process import ProcessId, is_alive


def tree(main: ProcessId) -> tuple[Process, ...]:
    """Return a process, first, and its descendants; nothing when it has ended."""
    if not is_alive(main):
        return ()
    try:
        root = psutil.Process(main.pid)
        return tuple(_read(process) for process in [root, *root.children(recursive=True)])
    except psutil.Error:
        return ()


def _read(process: psutil.Process) -> Process:
    try:
        command = " ".join(process.cmdline()).strip() or process.name()
        return Process(process.pid, process.ppid(), command)
    except psutil.Error:  # it ends just now
        return Process(process.pid, 0, "")


def memory_peak(pid: int) -> int | None:
    """Return the most memory that a process had at one time, in bytes (proc(5), ``VmHWM``).

    None where the system does not say.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else None
