"""Waiting for a condition."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(look: Callable[[], object], seconds: float = 60) -> None:
    """Look again and again until there is something to see."""
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, f"not within {seconds:g} s"
        time.sleep(0.02)
