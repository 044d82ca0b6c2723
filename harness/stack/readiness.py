"""Waiting until a container is ready, and saying why it is not."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from harness.container import NetworkInfo
from harness.engine.protocol import Engine, Snapshot
from harness.errors import HarnessError, ServiceDiedError, ServiceNotReadyError
from harness.model.duration import seconds
from harness.model.project import Service
from harness.probe import HealthProbe, Probe, TcpProbe
from harness.stack.graph import Cancelled

LOG_LINES = 20
# Seconds for which a service that offers nothing to probe must run: most that cannot start at all
# have exited by then.
_SETTLED = 0.25
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.01, 0.5, 1.5


@dataclass(frozen=True, slots=True)
class Readiness:
    """Waits for containers of one stack.

    Attributes:
        engine: The engine that runs them.
        timeout: Seconds for a service that says nothing of its own.
        cancelled: Set when somebody gave up on the stack.
    """

    engine: Engine
    timeout: float
    cancelled: threading.Event

    def wait(self, service: Service, container: str, one_shot: bool) -> None:
        """Wait until a started container is ready.

        Args:
            service: Its service.
            container: Its id.
            one_shot: Ready means that it exits with 0.

        Raises:
            ServiceDiedError: It exited.
            ServiceNotReadyError: Its deadline passed.
            Cancelled: Somebody gave up on the stack.
        """
        started = time.monotonic()
        limit: float | None = None
        probes: list[Probe] | None = None
        pause = _FIRST_PAUSE
        probed = False
        saw = "nothing yet"
        waited_for = "its end (exit code 0)" if one_shot else "the container to run"
        while True:
            snapshot = self.engine.snapshot(container)
            limit = self._limit(service, snapshot) if limit is None else limit
            if snapshot.finished:
                if self.completed(service, snapshot, one_shot):
                    return
                raise ServiceDiedError(self._died(service, snapshot, time.monotonic() - started))
            if snapshot.status in {"running", "paused"} and not one_shot:
                # only a running container has ports; each restart may publish them anew
                probes = self._probes(snapshot) if probes is None else probes
                if not probes and (probed or time.monotonic() - started > _SETTLED):
                    return
                if probes:
                    waited_for = probes[0].name
                    ready, saw = probes[0].look()
                    if ready:
                        probed = True
                        probes.pop(0)
                        continue
            else:
                probes = None
                saw = f"container {snapshot.status}" + _restarts(snapshot)
            if time.monotonic() - started > limit:
                raise ServiceNotReadyError(
                    self._not_ready(service, snapshot, limit, waited_for, saw)
                )
            if self.cancelled.wait(pause):
                raise Cancelled
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    def answers(self, service: Service, container: str, within: float) -> bool:
        """Whether a container that was ready answers to a real request, its health check.

        Args:
            service: Its service.
            container: Its id.
            within: Seconds to wait for the answer.
        """
        snapshot = self.engine.snapshot(container)
        if snapshot.check is None:
            return False  # a connection alone says nothing of those that it has to others
        probe = HealthProbe(self.engine, container, snapshot.check)
        deadline = time.monotonic() + within
        while not probe.look().ready:
            if time.monotonic() > deadline or self.cancelled.wait(_FIRST_PAUSE):
                return False
        return True

    def look_again(self, service: Service, container: str, one_shot: bool) -> None:
        """See whether a container that counted as ready because it ran has ended since.

        Raises:
            ServiceDiedError: It has, and not as it should.
        """
        snapshot = self.engine.snapshot(container)
        if snapshot.finished and not self.completed(service, snapshot, one_shot):
            raise ServiceDiedError(self._died(service, snapshot))

    def _probes(self, snapshot: Snapshot) -> list[Probe]:
        """Return what must succeed, one after the other.

        The ports come first: a database image's first start runs a temporary server that its
        own health check already likes, and that listens on no port.
        """
        ports = {
            NetworkInfo(b.container_port, self.engine.host, b.host_port)
            for b in snapshot.bindings
            if b.container_port.endswith("/tcp")
        }
        probes: list[Probe] = [
            TcpProbe(p.hostname, p.host_port, p.container_port) for p in sorted(ports)
        ]
        if snapshot.check:
            probes.append(HealthProbe(self.engine, snapshot.id, snapshot.check))
        return probes

    def _limit(self, service: Service, snapshot: Snapshot) -> float:
        """Return the deadline in seconds: the larger of the default and the check's patience."""
        own = (service.harness.get("ready") or {}).get("timeout")
        if own is not None:
            return seconds(own)
        return max(self.timeout, snapshot.check.patience if snapshot.check else 0.0)

    @staticmethod
    def completed(service: Service, snapshot: Snapshot, one_shot: bool) -> bool:
        """Whether an ended container did what it was there for.

        A service that somebody waits for to complete, or that has neither a port nor a health
        check, may end with 0. One that is to answer may not end at all.
        """
        answers = bool(service.ports) or snapshot.check is not None
        return snapshot.exit_code == 0 and (one_shot or not answers)

    def _died(self, service: Service, snapshot: Snapshot, after: float | None = None) -> str:
        when = "soon" if after is None else f"{after:.1f} s"
        memory = ", out of memory" if snapshot.oom_killed else ""
        return (
            f"{service.called} exited with code {snapshot.exit_code}{memory} "
            f"{when} after its start{_restarts(snapshot)}, before it was ready "
            f"(container {snapshot.name}, image {snapshot.image}). {self._last_lines(snapshot)}"
        )

    def _not_ready(
        self, service: Service, snapshot: Snapshot, limit: float, waited_for: str, saw: str
    ) -> str:
        return (
            f"{service.called} was not ready after {limit:g} s: waited for {waited_for}, "
            f"last seen: {saw} (container {snapshot.name}, {snapshot.status}"
            f"{_restarts(snapshot)}). If it needs longer, write "
            f"`x-harness: {{ready: {{timeout: …}}}}` into its service, or set --harness-timeout. "
            f"{self._last_lines(snapshot)}"
        )

    def _last_lines(self, snapshot: Snapshot) -> str:
        try:
            lines = self.engine.logs(snapshot.id, tail=LOG_LINES).splitlines()
        except HarnessError as error:
            return f"Its log cannot be read: {error}"
        if not lines:
            return "It logged nothing."
        return "Its last log lines:\n" + "\n".join(f"    {line}" for line in lines)


def _restarts(snapshot: Snapshot) -> str:
    return f", restarted {snapshot.restarts} times" if snapshot.restarts else ""
