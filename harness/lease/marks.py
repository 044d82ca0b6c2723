"""The mark that processes of a run carry in their environment."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from harness.lease.process import HAS_PROC, Entry, ProcessId, read_proc

VARIABLE = "PYTEST_COMPOSE_HARNESS"


def mark(run: str, member: str = "", number: int | None = None) -> str:
    """Return the mark of all that a run, a member of it, or one process of that one starts."""
    return "".join(f"{part}/" for part in (run, member, number) if part not in ("", None))


def marked(value: str, among: Iterable[Entry]) -> list[ProcessId]:
    """Return those processes whose mark begins so. Those of other users cannot be seen."""
    sought = f"{VARIABLE}={value}".encode()
    return [
        ProcessId(entry.pid, entry.started)
        for entry in among
        if any(variable.startswith(sought) for variable in _environment(entry.pid))
    ]


def _environment(pid: int) -> list[bytes]:
    """Return a process's variables as it was given them: ``NAME=value``."""
    if HAS_PROC:
        return read_proc(pid, "environ").split(b"\0")
    import psutil

    with suppress(psutil.Error, OSError):
        return [os.fsencode(f"{n}={v}") for n, v in psutil.Process(pid).environ().items()]
    return []
