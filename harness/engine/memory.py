"""The most memory that a container had, as its control group tells."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.engine.reach import Seat

if TYPE_CHECKING:
    from docker import APIClient

_MOUNT = Path("/sys/fs/cgroup")
_ONE_SHOT = (1, 41)  # before this API the engine takes a second for its answer


def peak(client: APIClient, container: str, seat: Seat) -> int | None:
    """Return the most memory that a running container had, in bytes; None if it is not known.

    Control groups of version 2 tell it in ``memory.peak`` (Linux 5.19 and later), which the
    engine does not read; those of version 1 in ``max_usage``, which it does.

    Args:
        client: A client of the engine.
        container: Its id.
        seat: Where the engine is: the files of another machine cannot be read.
    """
    if seat is Seat.MACHINE and (found := _of_file(client, container)) is not None:
        return found
    if tuple(int(part) for part in str(client.api_version).split(".")) < _ONE_SHOT:
        return None
    stats: Any = client.stats(container, stream=False, one_shot=True)
    return (stats.get("memory_stats") or {}).get("max_usage") or None


def _of_file(client: APIClient, container: str) -> int | None:
    if not (_MOUNT / "cgroup.controllers").exists():
        return None
    pid = client.inspect_container(container)["State"]["Pid"]
    with suppress(OSError, ValueError):
        group = group_of(Path(f"/proc/{pid}/cgroup").read_text(), container)
        if group:
            return int((_MOUNT / group / "memory.peak").read_text())
    return None


def group_of(text: str, container: str) -> str:
    """Return the group of version 2 that a container has for itself, or ``""``.

    Args:
        text: What ``/proc/PID/cgroup`` says of its first process (cgroups(7)).
        container: Its id, which an engine gives the group as a part of its name.
    """
    for line in text.splitlines():
        number, _, path = line.split(":", 2)
        if number == "0" and container in path:
            return path.lstrip("/")
    return ""
