"""Waiting for what another service does in its own time. Needs nothing: inner projects have it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def eventually(
    look: Callable[[], T], until: Callable[[T], object] = bool, timeout: float = 30
) -> T:
    """Look again and again until what is seen satisfies ``until``, and return it.

    A connection that fails counts as seen too: the service may be on its way up.

    Raises:
        AssertionError: nothing satisfied within ``timeout`` seconds; it says what was seen last.
    """
    deadline = time.monotonic() + timeout
    while True:
        seen: T | OSError
        try:
            seen = look()
            if until(seen):
                return seen
        except OSError as error:
            seen = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s; last seen: {seen!r}")
        time.sleep(0.02)


def give_to(project: Path) -> None:
    """Let the tests of a project in a test import this module."""
    (project / "eventually.py").write_text(Path(__file__).read_text())
