"""Which server a container's main process is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from harness.engine.protocol import Process

_SERVERS = {
    "postgres": "postgres",
    "redis-server": "redis",
    "valkey-server": "redis",
    "mosquitto": "mosquitto",
}
# What starts a server and stays, without being a service itself.
_WRAPPERS = frozenset(
    {
        "docker-init",
        "tini",
        "tini-static",
        "dumb-init",
        "catatonit",
        "s6-svscan",
        "s6-supervise",
        "runsvdir",
        "runsv",
        "sh",
        "bash",
        "dash",
        "ash",
        "busybox",
        "sudo",
        "su",
        "gosu",
        "su-exec",
        "setpriv",
        "runuser",
        "env",
        "pg_ctl",
    }
)
# What keeps a container running, or shows a log file, beside the server.
_BYSTANDERS = frozenset({"sleep", "tail"})


def server_of(processes: Sequence[Process]) -> str | None:
    """Return the technology of a container's main server, or None.

    Args:
        processes: The main process, first, and its descendants, as ``Engine.top`` gives them.

    A server counts if it is the main process, or the only thing that init processes, shells and
    the like stand around. One that runs beside something else does not: its state is not all of
    the container's.
    """
    if not processes:
        return None
    beneath = [processes[0]]
    while True:
        serious = [p for p in beneath if _program(p) not in _BYSTANDERS] or beneath
        if len(serious) != 1:
            return None
        (process,) = serious
        if server := _SERVERS.get(_program(process)):
            return None if "[sentinel]" in process.command else server
        if _program(process) not in _WRAPPERS | _BYSTANDERS:
            return None
        beneath = [p for p in processes if p.parent == process.pid]


def _program(process: Process) -> str:
    """Return the name of a process's program: ``postgres: writer`` is one of ``postgres``."""
    first = process.command.split(" ", 1)[0].rstrip(":")
    return PurePosixPath(first).name.removeprefix("-")
