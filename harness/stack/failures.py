"""Starts that failed in this run: the next test with the same fails at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.errors import (
    ContainerGoneError,
    EngineUnavailableError,
    HarnessError,
    StartFailedBeforeError,
)

LAST_LINES = "Its last log lines:\n"
"""What stands in a message before what a service wrote: that is told once."""

# These come from outside: the same start may well succeed the next time.
_FROM_OUTSIDE = (ContainerGoneError, EngineUnavailableError)


@dataclass(frozen=True, slots=True)
class _Failure:
    test: str
    message: str


class Failures:
    """Remembers failed starts, so that a broken service costs its deadline once."""

    def __init__(self, retry: bool) -> None:
        """Remember nothing yet, and never if each start is to be tried again."""
        self._retry = retry
        self._known: dict[object, _Failure] = {}

    def __bool__(self) -> bool:
        """Whether anything has failed."""
        return bool(self._known)

    def has(self, key: object) -> bool:
        """Whether a start is known to fail."""
        return key in self._known and not self._retry

    @contextmanager
    def remembered(
        self, key: Callable[[], object], test: str, *, outside: bool = False
    ) -> Iterator[None]:
        """Fail at once if the same has failed before; remember it if it fails now.

        Args:
            key: Gives what makes two starts the same; called only when something has failed.
            test: The id of the test.
            outside: Whether to remember also what came from outside: an engine that does not
                answer, a container that somebody removed.

        Raises:
            StartFailedBeforeError: It has failed before.
        """
        if self._known and not self._retry:
            before = self._known.get(key())
            if before:
                raise StartFailedBeforeError(
                    f"as in {before.test}: {before.message.partition(LAST_LINES)[0].rstrip()}\n"
                    f"(not tried again in this run; --harness-retry-start tries each time)"
                )
        try:
            yield
        except HarnessError as error:
            if not self._retry and (outside or not isinstance(error, _FROM_OUTSIDE)):
                self._known[key()] = _Failure(test, str(error))
            raise
