"""The mark that processes of a run carry in their environment, and their end."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

VARIABLE = "PYTEST_COMPOSE_HARNESS"


def mark(run: str, member: str) -> dict[str, str]:
    """Return the variable by which processes that a member of a run starts are known."""
    return {VARIABLE: f"{run}/{member}"}


def end_marked(value: str) -> list[int]:
    """Kill all processes of this user whose mark begins so; return their pids."""
    import psutil

    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(VARIABLE, "").startswith(value):
                process.send_signal(signal.SIGKILL)  # asks first whether the pid is still its own
                found.append(process.pid)
    return found
