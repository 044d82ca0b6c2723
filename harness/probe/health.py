"""A declared health check passes, run by the harness itself.

The engine would run it first one whole interval after the start (Engine API, ``HealthConfig``);
the harness runs the same command at once. The engine's own schedule is left alone.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError

from harness.engine.protocol import Engine, ExecResult, HealthCheck
from harness.errors import EngineUnavailableError, HarnessError
from harness.probe.base import Sighting

_SHOWN = 200
_SLICE = 0.5  # seconds: whoever waits must be able to give up between two looks


class HealthProbe:
    """Runs a container's health check."""

    def __init__(self, engine: Engine, container: str, check: HealthCheck) -> None:
        self._engine = engine
        self._container = container
        self._check = check
        self._running: Future[ExecResult] | None = None
        self._began = 0.0
        self._before = ""

    @property
    def name(self) -> str:
        """What is probed."""
        return f"health check `{' '.join(self._check.test[1:])}`"

    def look(self) -> Sighting:
        """Run the check, or look whether the one that is running has ended."""
        return self._look(_SLICE)

    def run(self) -> Sighting:
        """Run the check to its end, for as long as its own timeout allows."""
        return self._look(self._check.timeout)

    def _look(self, patience: float) -> Sighting:
        future = self._running or self._begin()
        try:
            result = future.result(patience)
        except FutureTimeoutError:
            took = time.monotonic() - self._began
            if took < self._check.timeout:
                return Sighting(False, f"still running after {took:.1f} s{self._before}")
            self._running = None  # the engine offers no way to end it: it ends with its container
            return Sighting(False, f"took longer than its timeout of {self._check.timeout:g} s")
        except EngineUnavailableError:
            raise
        except HarnessError as error:
            self._running = None
            return Sighting(False, str(error))
        self._running = None
        said = " ".join(result.output.split())[-_SHOWN:]
        words = f"exit code {result.exit_code}" + (f": {said}" if said else "")
        self._before = f", the run before: {words}"
        return Sighting(result.exit_code == 0, words)

    def _begin(self) -> Future[ExecResult]:
        pool = ThreadPoolExecutor(1, thread_name_prefix="harness-health")
        self._running = pool.submit(self._engine.exec, self._container, self._check.command)
        self._began = time.monotonic()
        pool.shutdown(wait=False)
        return self._running
