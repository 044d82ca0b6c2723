"""Who uses what a run has in common: the last one out removes it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.lease.shared import shared_folder


class RunUsers:
    """The processes of one run: pytest itself, and the workers of xdist.

    Each holds a shared lock on one file. The kernel drops it when the process ends, however it
    ends, so that a worker's death neither takes a stack from the others nor keeps it.
    """

    def __init__(self, run: str, folder: Path | None = None) -> None:
        self._path = (folder or shared_folder()) / f"run-{run}"
        self._file: int | None = None

    def join(self, uses: bool) -> None:
        """Be one of the run's processes; waits while the last one removes what was there.

        Args:
            uses: Whether this process makes stacks; the file is written to then.
        """
        while self._file is None:
            file = self._open()
            fcntl.flock(file, fcntl.LOCK_SH)
            if self._is_current(file):
                self._file = file
            else:
                os.close(file)  # the last one has removed the file meanwhile: begin a new one
        if uses:
            os.pwrite(self._file, b"used", 0)

    @property
    def any_uses(self) -> bool:
        """Whether any process of the run has made stacks."""
        try:
            return self._path.stat().st_size > 0
        except FileNotFoundError:
            return False

    @contextmanager
    def leave(self) -> Iterator[bool]:
        """Leave; the context's value says whether nobody is left. Nobody joins meanwhile.

        Who was interrupted as the last one has not left, and may leave again: nobody can have
        joined meanwhile.
        """
        if self._file is None:
            yield False
            return
        os.close(self._file)
        self._file = None
        last = self._open()
        try:
            fcntl.flock(last, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(last)
            yield False
            return
        try:
            yield True
        except BaseException:
            self._file = last  # the lock too
            raise
        self._path.unlink(missing_ok=True)
        os.close(last)

    def _is_current(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), self._path.stat())
        except FileNotFoundError:
            return False

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
