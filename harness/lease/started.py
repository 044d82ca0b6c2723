"""The processes that members of a run have started: each has a file in its member's folder."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from harness.lease.family import end, of
from harness.lease.process import ProcessId

_PREFIX = "process-"
_numbers = itertools.count(1)


class Entered:
    """The entry of one process, made before there is a process."""

    def __init__(self, folder: Path, member: str) -> None:
        """Make an entry in a member's folder. Its number tells it from the member's others."""
        self.member = member
        # others may make entries for the same member
        self.number = os.getpid() * 10**6 + next(_numbers)
        self._file = folder / f"{_PREFIX}{self.number}"
        self._file.touch(mode=0o600)

    def name(self, process: ProcessId) -> None:
        """Say which process it is for."""
        self._file.write_text(json.dumps(process))

    def strike(self) -> None:
        """Strike the entry: nothing of the process is left."""
        self._file.unlink(missing_ok=True)


def has_started(folders: Iterable[Path]) -> bool:
    """Whether an entry stands in one of the members' folders, also of a process yet to come."""
    return any(True for folder in folders for _ in folder.glob(f"{_PREFIX}*"))


def started_in(folders: Iterable[Path]) -> list[ProcessId]:
    """Return the processes whose entries stand in members' folders."""
    found = []
    for folder in folders:
        for file in folder.glob(f"{_PREFIX}*"):
            with suppress(OSError, ValueError):  # one that is yet to come is known by its mark
                pid, started = json.loads(file.read_text())
                found.append(ProcessId(pid, started))
    return found


def end_started(folders: Iterable[Path], mark: str) -> int:
    """Kill what members have started, with all that came of it; return how many that were.

    Args:
        folders: The folders of the members.
        mark: How the mark of those begins that nobody could enter any more.
    """
    roots = started_in(folders)
    return len(end(lambda: of(roots, mark)))
