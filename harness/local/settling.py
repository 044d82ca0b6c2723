"""A process that has nothing to answer with runs."""

from __future__ import annotations

import time

from harness.probe.base import Sighting

# Seconds: what cannot start at all, for want of a library for example, has ended by then. More
# cannot be known of a process that says nothing.
SETTLED = 0.01


class SettledProbe:
    """Gives a process a moment in which it may fail."""

    name = "it to run"

    def __init__(self) -> None:
        """Begin the moment."""
        self._until = time.monotonic() + SETTLED

    def look(self) -> Sighting:
        """Look whether the moment is over."""
        over = time.monotonic() >= self._until
        return Sighting(over, "running")
