"""Reading what other processes of a run write into their journals, while they write it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from harness.observe.event import Event
from harness.observe.journal import PARTS


class Follower:
    """Reads on where it had stopped in the journals of a folder."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        """Have read nothing.

        Args:
            folder: Returns the folder; it need not exist yet.
        """
        self._folder = folder
        self._read: dict[Path, int] = {}

    def more(self) -> Iterator[Event]:
        """Yield what was written since the last time, journal by journal.

        Raises:
            OSError: One cannot be read.
        """
        for part in sorted(self._folder().glob(PARTS)):
            with part.open("rb") as file:
                file.seek(self._read.get(part, 0))
                written = file.read()
            # the last line may be half written; it is read again as a whole
            whole = written[: written.rfind(b"\n") + 1]
            self._read[part] = self._read.get(part, 0) + len(whole)
            for line in whole.decode(errors="replace").splitlines():
                with suppress(ValueError):
                    yield Event.of_line(line)
