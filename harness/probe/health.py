"""A declared health check passes, run by the harness itself.

The engine would run it first one whole interval after the start (Engine API, ``HealthConfig``);
the harness runs the same command at once. The engine's own schedule is left alone.
"""

from __future__ import annotations

from harness.engine.protocol import Engine, HealthCheck
from harness.probe.exec import ExecProbe, shown


class HealthProbe(ExecProbe):
    """Runs a container's health check."""

    def __init__(self, engine: Engine, container: str, check: HealthCheck) -> None:
        super().__init__(engine, container, check.command, check.timeout)

    @property
    def name(self) -> str:
        """What is probed."""
        return f"health check `{shown(self._command)}`"
