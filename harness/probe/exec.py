"""A command in the container ends with 0."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError

from harness.engine.protocol import Engine, ExecResult
from harness.errors import EngineUnavailableError, HarnessError
from harness.probe.base import Sighting

TIMEOUT = 30.0  # seconds for one run, as for a health check that names none
_SHOWN = 200
_SLICE = 0.5  # seconds: whoever waits must be able to give up between two looks


class ExecProbe:
    """Runs a command in a container, again and again."""

    def __init__(
        self, engine: Engine, container: str, command: Sequence[str], timeout: float = TIMEOUT
    ) -> None:
        self._engine = engine
        self._container = container
        self._command = list(command)
        self._timeout = timeout
        self._running: Future[ExecResult] | None = None
        self._began = 0.0
        self._before = ""

    @property
    def name(self) -> str:
        """What is probed."""
        return f"`{shown(self._command)}` in the container to end with 0"

    def look(self) -> Sighting:
        """Run the command, or look whether the run under way has ended."""
        return self._look(_SLICE)

    def run(self) -> Sighting:
        """Run the command to its end, for as long as its own timeout allows."""
        return self._look(self._timeout)

    def begin(self) -> None:
        """Begin a run, whose result the next look gives."""
        pool = ThreadPoolExecutor(1, thread_name_prefix="harness-exec")
        self._running = pool.submit(self._engine.exec, self._container, self._command)
        self._began = time.monotonic()
        pool.shutdown(wait=False)

    def abandon(self) -> None:
        """Let the run under way, if there is one, count for nothing."""
        self._running = None

    def _look(self, patience: float) -> Sighting:
        if self._running is None:
            self.begin()
        assert self._running is not None
        try:
            result = self._running.result(patience)
        except FutureTimeoutError:
            took = time.monotonic() - self._began
            if took < self._timeout:
                return Sighting(False, f"still running after {took:.1f} s{self._before}")
            self.abandon()  # the engine offers no way to end it: it ends with its container
            return Sighting(False, f"took longer than its timeout of {self._timeout:g} s")
        except EngineUnavailableError:
            raise
        except HarnessError as error:
            self.abandon()
            return Sighting(False, str(error))
        self.abandon()
        said = " ".join(result.output.split())[-_SHOWN:]
        words = f"exit code {result.exit_code}" + (f": {said}" if said else "")
        self._before = f", the run before: {words}"
        return Sighting(result.exit_code == 0, words)


def shown(command: Sequence[str]) -> str:
    """Return a command as somebody would write it."""
    return " ".join(command[2:] if list(command[:2]) == ["/bin/sh", "-c"] else command)
