"""An engine that goes away in the middle of a run, and may come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from harness.engine.advice import LOOK
from harness.engine.protocol import Engine, Events
from harness.errors import EngineUnavailableError, HarnessError

PATIENCE = 30.0
"""Seconds to wait for an engine that was there before: a restart takes a few."""
_PAUSE = 0.1


class Outage:
    """Waits for an engine that is being restarted; for one that is gone for good, once."""

    def __init__(self, engine: Engine, events: Events) -> None:
        self._engine = engine
        self._events = events
        self._suspected = False
        self._given_up = False
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return at once where the engine is there; else wait for it.

        Raises:
            EngineUnavailableError: It did not come back. Until it does, nobody waits again.
        """
        if not (self._suspected or self._events.lost):
            return
        with self._lock:
            deadline = time.monotonic() + (0.0 if self._given_up else PATIENCE)
            while True:
                try:
                    self._engine.check()
                except HarnessError as error:
                    if time.monotonic() > deadline:
                        self._given_up = True
                        raise EngineUnavailableError(
                            f"the Docker Engine went away during this run, and did not come back "
                            f"within {PATIENCE:g} s. Start it again: what is left is tried as "
                            f"soon as it answers. The last try: {error}"
                        ) from None
                    time.sleep(_PAUSE)
                else:
                    self._given_up = self._suspected = False
                    return

    @property
    def suspected(self) -> bool:
        """Whether the engine did not answer when it was last asked."""
        return self._suspected

    def answers(self) -> bool:
        """Whether the engine is there, as far as it can be asked."""
        try:
            self._engine.check()
        except HarnessError:
            self._suspected = True
            return False
        return True

    @contextmanager
    def blamed(self, what: str) -> Iterator[None]:
        """Say that the engine was lost, if it was, instead of what follows from that.

        Args:
            what: What was being done.

        Raises:
            EngineUnavailableError: Something failed while the engine was lost.
        """
        before = self._events.breaks
        try:
            yield
        except EngineUnavailableError:
            self._suspected = True
            raise
        except HarnessError as error:
            if self._events.breaks == before and self.answers():
                raise
            raise EngineUnavailableError(lost(what, str(error))) from None


def lost(what: str, found: str) -> str:
    """Return the message for something that the loss of the engine has spoilt."""
    return f"the Docker Engine went away, or was restarted, {what}: {found}\n{LOOK}"
