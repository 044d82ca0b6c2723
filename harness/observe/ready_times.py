"""How long services took to get ready, as events tell it. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping

from harness.observe.event import Event, Kind

Times = Mapping[str, tuple[float, ...]]
"""Seconds to ready of each service, one for each container."""


def ready_times(events: Iterable[Event]) -> Times:
    """Return how long each service took, from the beginning of its start to its being ready.

    Each container counts once: a later start of it finds a file system that is not new. One that
    others had started, that Compose started, or that did not get ready, does not count.

    Args:
        events: Events of a run, in time order.
    """
    began: dict[str, float] = {}
    done: set[str] = set()
    found: dict[str, list[float]] = {}
    for event in events:
        container = str(event.data.get("container", ""))
        if container in done:
            continue
        if event.kind == Kind.SERVICE_START and event.begins:
            began.setdefault(container, event.at)
        elif event.kind == Kind.SERVICE_WAIT and not event.begins:
            if "error" not in event.data and container in began:
                found.setdefault(event.service, []).append(event.at - began[container])
            done.add(container)
    return {service: tuple(times) for service, times in sorted(found.items())}


def medians(times: Times) -> dict[str, float]:
    """Return the median of each service, in seconds."""
    return {service: statistics.median(each) for service, each in times.items()}
