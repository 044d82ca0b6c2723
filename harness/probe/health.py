"""A declared health check passes, run by the harness itself.

The engine would run it first one whole interval after the start (Engine API, ``HealthConfig``);
the harness runs the same command at once. The engine's own schedule is left alone.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError

from harness.engine.protocol import Engine, ExecResult, HealthCheck
from harness.errors import EngineUnavailableError, HarnessError
from harness.probe.base import Sighting

_SHOWN = 200


class HealthProbe:
    """Runs a container's health check."""

    def __init__(self, engine: Engine, container: str, check: HealthCheck) -> None:
        self._engine = engine
        self._container = container
        self._check = check
        self._running: Future[ExecResult] | None = None

    @property
    def name(self) -> str:
        """What is probed."""
        return f"health check `{' '.join(self._check.test[1:])}`"

    def look(self) -> Sighting:
        """Run the check once, for as long as its own timeout allows.

        A run that takes longer counts as failed, and is asked for its result the next time: the
        engine offers no way to end it.
        """
        future = self._running or self._run()
        try:
            result = future.result(self._check.timeout)
        except FutureTimeoutError:
            self._running = future
            return Sighting(False, f"still running after its timeout of {self._check.timeout:g} s")
        except EngineUnavailableError:
            raise
        except HarnessError as error:
            self._running = None
            return Sighting(False, str(error))
        self._running = None
        said = " ".join(result.output.split())[-_SHOWN:]
        words = f"exit code {result.exit_code}" + (f": {said}" if said else "")
        return Sighting(result.exit_code == 0, words)

    def _run(self) -> Future[ExecResult]:
        pool = ThreadPoolExecutor(1, thread_name_prefix="harness-health")
        future = pool.submit(self._engine.exec, self._container, self._check.command)
        pool.shutdown(wait=False)
        return future
