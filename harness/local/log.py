"""What a process writes."""

from __future__ import annotations

import fcntl
import os
import tempfile
import weakref
from pathlib import Path


class Log:
    """A file, without a name unless it is given one, which a process writes both its streams into.

    Nobody has to read it for the process to go on, not even while this one stands in a debugger;
    nothing of it is left, however this one ends. A look says how long it is, so that what was
    written between two looks can be told.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Make a file; one that has a path is gone on with.

        Args:
            path: Where others find it, too.
        """
        if path is not None:
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        else:
            with tempfile.TemporaryFile(buffering=0) as file:
                self.descriptor = os.dup(file.fileno())
        # several writers, and whoever opens /dev/stdout again, write behind each other
        fcntl.fcntl(self.descriptor, fcntl.F_SETFL, os.O_APPEND)
        weakref.finalize(self, os.close, self.descriptor)

    @property
    def size(self) -> int:
        """How many bytes were written so far."""
        return os.fstat(self.descriptor).st_size

    def read(self, start: int = 0, end: int | None = None) -> str:
        """Return what was written, from one size to another. What is no UTF-8 is replaced."""
        end = self.size if end is None else end
        parts = []
        while start < end and (part := os.pread(self.descriptor, end - start, start)):
            parts.append(part)
            start += len(part)
        return b"".join(parts).decode(errors="replace")

    def last_lines(self, count: int = 20, width: int = 500) -> list[str]:
        """Return the last lines, no more than ``width`` characters of each."""
        text = self.read(max(0, self.size - count * width * 4))
        return [line[:width] for line in text.splitlines()[-count:]]
