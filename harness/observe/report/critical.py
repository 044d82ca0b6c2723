"""The critical path: the chain of services whose getting ready takes longest. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from harness.model.project import Condition
from harness.observe.report.model import CriticalPath

Dependencies = Mapping[str, Mapping[str, str]]


def critical_path(
    depends_on: Dependencies, ready: Mapping[str, float], started: Mapping[str, float]
) -> CriticalPath:
    """Return the chain of services of which the last is ready last.

    A service starts when what it depends on is ready, or has merely been started, as the
    condition says; so times along a chain add up.

    Args:
        depends_on: What each service depends on, and on which condition.
        ready: The usual time to ready of each service that ran, in seconds.
        started: The usual time that its start takes, in seconds.
    """
    known: dict[str, CriticalPath] = {}
    for service in ready:
        _until(service, depends_on, ready, started, known)
    return max(known.values(), key=lambda path: path.seconds, default=CriticalPath())


def _until(
    service: str,
    depends_on: Dependencies,
    ready: Mapping[str, float],
    started: Mapping[str, float],
    known: dict[str, CriticalPath],
) -> CriticalPath:
    """Return the chain that ends with a service being ready, which is entered as known."""
    if service not in known:
        known[service] = CriticalPath()  # a circle, which Compose refuses, must not hang us
        longest = CriticalPath()
        for name, condition in depends_on.get(service, {}).items():
            if name in ready:
                path = _until(name, depends_on, ready, started, known)
                seconds = path.seconds
                if condition == Condition.STARTED:
                    seconds -= max(ready[name] - started.get(name, 0.0), 0.0)
                if seconds > longest.seconds:
                    longest = CriticalPath(path.services, seconds)
        known[service] = CriticalPath(
            (*longest.services, service), longest.seconds + ready[service]
        )
    return known[service]
