"""Bytes of a shared file, each held by one process at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class ByteLocks:
    """The bytes that this process holds of a file that all processes of this user share.

    A byte stands for something that two processes cannot both have; its offset says what. The
    kernel drops a record lock when its process ends, however it ends. Not thread-safe.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._held: set[int] = set()

    def take(self, start: int, length: int = 1) -> bool:
        """Take all of these bytes; say whether nobody, this process included, held any."""
        wanted = range(start, start + length)
        if not self._held.isdisjoint(wanted):  # the kernel would let a process lock a byte twice
            return False
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
        except OSError:
            return False
        self._held.update(wanted)
        return True

    def give_back(self, start: int, length: int = 1) -> None:
        """Give bytes back. Those not held are passed over."""
        for byte in range(start, start + length):
            if byte in self._held and self._file is not None:
                self._held.remove(byte)
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)

    def close(self) -> None:
        """Give every byte back."""
        if self._file is not None:
            os.close(self._file)
        self._file = None
        self._held.clear()
