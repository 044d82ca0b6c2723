"""The probes of one container: those that its service asks for, else the usual."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.protocol import Engine, Snapshot
from harness.errors import SettingError
from harness.model.project import Service
from harness.plan.ready import Check, Exec, Health, Http, Log, Ready, Tcp, tcp_ports
from harness.probe.base import Probe
from harness.probe.exec import ExecProbe
from harness.probe.health import HealthProbe
from harness.probe.http import HttpProbe
from harness.probe.log import LogProbe
from harness.probe.ports import PortsProbe
from harness.probe.tcp import HOLD_SECONDS, TcpProbe


@dataclass(frozen=True, slots=True)
class Chooser:
    """Makes the probes of a container for one run of it: each start may publish ports anew."""

    engine: Engine
    service: Service
    snapshot: Snapshot

    def probes(self, ready: Ready) -> list[Probe]:
        """Return what must succeed, one after the other.

        Raises:
            SettingError: The service asks for what its container does not have.
        """
        pending = list(ready.checks) if ready.checks else self._usual()
        found: list[Probe] = []
        while pending:
            check = pending.pop(0)
            if isinstance(check, Tcp):
                # a check right behind ports begins while they are still watched
                joined = self._command(pending[0]) if pending else None
                found.append(PortsProbe(self._ports(*check.ports), joined))
                del pending[: 1 if joined else 0]
            elif isinstance(check, Http):
                to = self._ports(check.port or tcp_ports(self.service)[0])[0]
                found.append(
                    HttpProbe(
                        to.host,
                        to.port,
                        to.container_port,
                        check.path,
                        check.status,
                        tls=self.snapshot.scheme == "https",
                    )
                )
            elif isinstance(check, Log):
                found.append(LogProbe(self.engine, self.snapshot, check.pattern, check.count))
            elif command := self._command(check):
                found.append(command)
        return found

    def requests(self, ready: Ready) -> list[Probe]:
        """Return those that ask the service something, and do not only connect to it."""
        checks = list(ready.checks) or self._usual()
        asking = tuple(check for check in checks if isinstance(check, Http | Exec | Health))
        return self.probes(Ready(asking)) if asking else []

    def _usual(self) -> list[Check]:
        """Return what holds for a service that says nothing of its own.

        The ports come first: a database image's first start runs a temporary server that its
        own health check already likes, and that listens on no port.
        """
        checks: list[Check] = [Tcp()] if self._ports() else []
        return [*checks, Health()] if self.snapshot.check else checks

    def _ports(self, *wanted: int) -> list[TcpProbe]:
        """Return probes of the published TCP ports wanted, or of all."""
        published = {
            (binding.container_port, binding.hostname(self.engine.reach.host), binding.host_port)
            for binding in self.snapshot.bindings
            if binding.container_port.endswith("/tcp")
        }
        for port in wanted:
            if not any(container_port == f"{port}/tcp" for container_port, *_ in published):
                raise SettingError(
                    f"{self.service.called} is ready when port {port}/tcp answers, but the engine "
                    f"publishes no such port of container {self.snapshot.name}. Choose another "
                    f"probe for `x-harness: {{ready: …}}`."
                )
        return [
            TcpProbe(host, port, container_port, 0.0 if self.snapshot.direct else HOLD_SECONDS)
            for container_port, host, port in sorted(published)
            if not wanted or int(container_port.partition("/")[0]) in wanted
        ]

    def _command(self, check: Check) -> ExecProbe | None:
        if isinstance(check, Exec):
            return ExecProbe(self.engine, self.snapshot.id, check.command)
        if not isinstance(check, Health):
            return None
        if self.snapshot.check is None:
            raise SettingError(
                f"{self.service.called} is ready when its health check passes, but neither the "
                f"compose file nor the image {self.snapshot.image} declares one. Add "
                f"`healthcheck:` to it, or choose another probe for `x-harness: {{ready: …}}`."
            )
        return HealthProbe(self.engine, self.snapshot.id, self.snapshot.check)
