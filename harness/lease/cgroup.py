"""Out of reach of who ends a whole control group: a systemd unit that stops, a CI agent."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_PREFIX = "pytest-compose-harness-"
_MOUNTS = Path("/proc/self/mountinfo")


def leave_cgroup() -> list[Path]:
    """Move this process to control groups of its own, where that is allowed.

    These are beside all others: who ends a group ends what is below it as well. Only those
    hierarchies count by which processes are kept together, cgroup v2 and systemd's own of v1
    (cgroups(7)). Groups left by processes that were killed are removed.

    Returns:
        The groups that were made, for ``come_back``.
    """
    made = []
    for root in _hierarchies():
        with suppress(OSError):  # not root, or read-only in a container
            _remove_empty(root)
            group = root / f"{_PREFIX}{os.getpid()}"
            group.mkdir()
            made.append(group)
            _enter(group)
    return made


def come_back(groups: list[Path]) -> None:
    """Remove the groups that this process made for itself."""
    for group in groups:
        with suppress(OSError):
            _enter(group.parent)
            group.rmdir()


def _enter(group: Path) -> None:
    group.joinpath("cgroup.procs").write_text(str(os.getpid()))


def _remove_empty(root: Path) -> None:
    for group in root.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # somebody is in it
            group.rmdir()


def _hierarchies() -> list[Path]:
    """Return where they are mounted (proc(5), ``/proc/pid/mountinfo``)."""
    try:
        lines = _MOUNTS.read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        before, _, after = line.partition(" - ")
        kind, _, options = (*after.split(" "), "", "")[:3]
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(",")):
            found.append(Path(before.split(" ")[4]))
    return found
