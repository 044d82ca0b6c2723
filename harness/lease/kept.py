"""Stacks that outlive their run: used by one run at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from harness.lease.shared import shared_folder


class KeptStacks:
    """The stacks that runs of one checkout leave to each other.

    All processes of the run that uses them hold a shared lock on a file with the run's name in
    it. A second run at the same time does not get them.
    """

    def __init__(self, checkout: str, run: str, folder: Path | None = None) -> None:
        self._path = (folder or shared_folder()) / f"kept-{checkout}"
        self._run = run.encode()
        self._file: int | None = None

    def take(self) -> bool:
        """Return whether this run may use them, now and until ``leave``."""
        if self._file is not None:
            return True
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if self._is_ours(file):
            self._file = file
            return True
        os.close(file)
        return False

    def leave(self) -> None:
        """Let another run have them."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _is_ours(self, file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            # somebody uses them: another process of this run has written its name before
            fcntl.flock(file, fcntl.LOCK_SH)
            return os.pread(file, 64, 0) == self._run
        os.ftruncate(file, 0)
        os.pwrite(file, self._run, 0)
        fcntl.flock(file, fcntl.LOCK_SH)
        # a lock is let go before it is changed: somebody may have written another name
        return os.pread(file, 64, 0) == self._run
