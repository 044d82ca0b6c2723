"""Stacks that outlive their run: used by one run at a time, until they expire."""

from __future__ import annotations

import fcntl
import os
import time
import weakref
from contextlib import suppress
from pathlib import Path

from harness.lease.shared import shared_folder

_PREFIX = "harness-0-"
_in_use: weakref.WeakSet[KeptStacks] = weakref.WeakSet()


class KeptStacks:
    """The stacks that runs of one checkout leave to each other.

    All processes of the run that uses them hold a shared lock on a file with the run's name in
    it. A second run at the same time does not get them. Another file says until when they are
    kept: its time of change.
    """

    def __init__(
        self, checkout: str, run: str, lasts: float | None = None, folder: Path | None = None
    ) -> None:
        """Take what they are known by.

        Args:
            checkout: What tells the team's project from others.
            run: The run that may want them.
            lasts: Seconds that they stay after their last use; None for who only looks.
            folder: Where the files are.
        """
        base = folder or shared_folder()
        self.name = f"{_PREFIX}{checkout}"
        self.lasts = lasts
        self._path = base / f"kept-{checkout}"
        self._until = base / f"kept-{checkout}.until"
        self._run = run.encode()
        self._file: int | None = None

    def take(self) -> bool:
        """Return whether this run may use them, now and until ``leave``."""
        if self._file is not None:
            return True
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if self._is_ours(file):
            self._file = file
            _in_use.add(self)
            self._keep()
            return True
        os.close(file)
        return False

    def leave(self) -> None:
        """Let another run have them."""
        if self._file is not None:
            self._keep()
            self.let_go()

    def expires(self) -> float | None:
        """Return until when they are kept, in seconds since 1970; None if nothing says so."""
        with suppress(OSError):
            return self._until.stat().st_mtime
        return None

    def let_go(self) -> None:
        """Have no part in it: a lock lasts as long as any process has the file open."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _keep(self) -> None:
        """They are used now."""
        if self.lasts is not None:
            self._until.touch(mode=0o600)
            until = time.time() + self.lasts
            os.utime(self._until, (until, until))

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


def checkout_of(run: str) -> str | None:
    """Return the checkout whose kept stacks have labels with this name; None for a run's own."""
    return run.removeprefix(_PREFIX) if run.startswith(_PREFIX) else None


def _in_child() -> None:
    """A child that a test forked may outlive the run by hours: it holds nothing."""
    for stacks in [*_in_use]:
        stacks.let_go()


os.register_at_fork(after_in_child=_in_child)
