"""The reaper's work, in steps: between two of them it looks whether anybody else has died."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.engine.docker import DockerEngine

# seconds
_QUIET = 1.0  # how long nothing new must appear
_PATIENCE = 300.0  # for an engine that does not answer, or refuses


class Removal:
    """Ends processes and removes what has certain labels, until nothing new appears.

    A dead process may have been creating something when it died, and the engine may still be
    carrying that out.
    """

    def __init__(
        self, labels: Mapping[str, str], end: Callable[[], int], made_stacks: Callable[[], bool]
    ) -> None:
        """Take what is to go.

        Args:
            labels: The labels of containers, networks and volumes.
            end: Ends processes; returns how many that were.
            made_stacks: Whether there can be any containers: a run that made none has nothing to
                do with an engine.
        """
        self._labels = labels
        self._end = end
        self._made_stacks = made_stacks
        self._engine: DockerEngine | None = None
        self._began = self._seen = time.monotonic()

    @property
    def given_up(self) -> bool:
        """Whether it has taken too long. What is left is for the next run, or for prune."""
        return time.monotonic() - self._began > _PATIENCE

    def step(self) -> bool:
        """Remove what there is; return whether nothing new has appeared for a while."""
        try:
            return self._step()
        except Exception as error:  # an engine that restarts says many things
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            self._seen = time.monotonic()
            return False

    def _step(self) -> bool:
        if self._end():
            self._seen = time.monotonic()
        if self._made_stacks() and self._engine is None:
            from harness.engine.docker import DockerEngine

            self._engine = DockerEngine()
        if self._engine and self._engine.things(self._labels):
            self._seen = time.monotonic()
            self._engine.remove(self._labels)
        return time.monotonic() - self._seen > _QUIET

    def close(self) -> None:
        """Close the connection to the engine."""
        if self._engine:
            self._engine.close()
