"""Something done in a thread while the caller does something else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Abreast(Generic[T]):
    """Does one thing abreast of the caller; nobody waits for it at the end of the process."""

    def __init__(self, work: Callable[[], T]) -> None:
        """Begin.

        Args:
            work: What to do; what it raises is raised by ``result``.
        """
        self._future: Future[T] = Future()
        self._work = work
        threading.Thread(target=self._run, name="harness-abreast", daemon=True).start()

    def result(self) -> T:
        """Wait for the result."""
        return self._future.result()

    @property
    def is_done(self) -> bool:
        """Whether a result, or an error, is there."""
        return self._future.done()

    def wait(self) -> None:
        """Wait until it is done, whatever comes of it."""
        self._future.exception()

    def abandon(self, undo: Callable[[T], object]) -> None:
        """Have a result undone, also one that is still to come; what was raised is forgotten."""

        def drop(future: Future[T]) -> None:
            if future.exception() is None:
                with suppress(Exception):
                    undo(future.result())

        self._future.add_done_callback(drop)

    def _run(self) -> None:
        try:
            self._future.set_result(self._work())
        except BaseException as error:
            self._future.set_exception(error)
