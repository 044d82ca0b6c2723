"""Bytes of a shared file, each held by one process at a time."""

from __future__ import annotations

import fcntl
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class _File:
    """A file of which this process holds bytes.

    It is open once: the kernel drops every record lock that a process has on a file as soon as it
    closes any descriptor of it (fcntl(2)), and lets it lock a byte twice.
    """

    descriptor: int
    held: set[int] = field(default_factory=set)
    users: int = 0


_files: dict[Path, _File] = {}
_lock = threading.Lock()


class ByteLocks:
    """The bytes that this process holds of a file that all processes of this user share.

    A byte stands for something that two processes cannot both have; its offset says what. Neither
    can two users of it in one process. The kernel drops a record lock when its process ends,
    however it ends.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: _File | None = None
        self._held: set[int] = set()

    def take(self, start: int, length: int = 1) -> bool:
        """Take all of these bytes; say whether nobody, this process included, held any."""
        wanted = range(start, start + length)
        with _lock:
            file = self._open()
            if not file.held.isdisjoint(wanted):
                return False
            try:
                fcntl.lockf(file.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
            except OSError:
                return False
            self._held.update(wanted)
            file.held.update(wanted)
            return True

    def give_back(self, start: int, length: int = 1) -> None:
        """Give bytes back. Those not held are passed over."""
        with _lock:
            self._give_back(range(start, start + length))

    def close(self) -> None:
        """Give every byte back."""
        with _lock:
            self._give_back(self._held.copy())
            if self._file is not None:
                self._file.users -= 1
                if not self._file.users:
                    os.close(self._file.descriptor)
                    del _files[self._path]
            self._file = None

    def _open(self) -> _File:
        if self._file is None:
            file = _files.get(self._path)
            if file is None:
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
                file = _files[self._path] = _File(os.open(self._path, flags, 0o600))
            file.users += 1
            self._file = file
        return self._file

    def _give_back(self, wanted: range | set[int]) -> None:
        for byte in wanted:
            if byte in self._held and self._file is not None:
                self._held.remove(byte)
                self._file.held.remove(byte)
                fcntl.lockf(self._file.descriptor, fcntl.LOCK_UN, 1, byte)
