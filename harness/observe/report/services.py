"""The services of the project, over all runs. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from harness.observe.event import Event, Kind
from harness.observe.report.critical import critical_path
from harness.observe.report.model import CriticalPath, ServiceTold
from harness.observe.report.ready import summary, times_to_ready
from harness.observe.report.spans import Span

Incidents = Mapping[str, Sequence[tuple[int, float, str]]]


def services_of(
    runs: Iterable[tuple[Sequence[Event], Sequence[Span]]], incidents: Incidents
) -> tuple[tuple[ServiceTold, ...], CriticalPath]:
    """Return the services, by name, and the critical path of the project.

    Args:
        runs: For each run its events and what lasted in it.
        incidents: What each service did unasked.
    """
    project: dict[str, Mapping[str, Any]] = {}
    starts: defaultdict[str, list[Span]] = defaultdict(list)
    waits: defaultdict[str, list[Span]] = defaultdict(list)
    times: defaultdict[str, list[float]] = defaultdict(list)
    restarts: Counter[str] = Counter()
    for events, found in runs:
        for event in events:
            if event.kind == Kind.PROJECT:
                project |= event.data.get("services") or {}
        restarts += _restarts(events)
        for span in found:
            if span.kind == Kind.SERVICE_START:
                starts[span.event.service].append(span)
            elif span.kind == Kind.SERVICE_WAIT:
                waits[span.event.service].append(span)
        for service, measured in times_to_ready(found).items():
            times[service] += measured
    depends_on = {name: told.get("depends_on") or {} for name, told in project.items()}
    path = critical_path(
        depends_on,
        {name: median(measured) for name, measured in times.items()},
        {name: median(s.end - s.begin for s in own) for name, own in starts.items()},
    )
    return tuple(
        ServiceTold(
            name=name,
            place=str(project.get(name, {}).get("place") or ""),
            image=str(project.get(name, {}).get("image") or ""),
            builds=bool(project.get(name, {}).get("builds")),
            ports=tuple(map(str, project.get(name, {}).get("ports") or ())),
            published=_published(starts[name]),
            depends_on=depends_on.get(name, {}),
            starts=len(starts[name]),
            restarts=restarts[name],
            ready=summary(times[name]),
            failed=sum(bool(span.error) for span in (*starts[name], *waits[name])),
            incidents=tuple(incidents.get(name, ())),
            critical=name in path.services,
        )
        for name in sorted({*project, *starts, *waits})
    ), path


def _restarts(events: Iterable[Event]) -> Counter[str]:
    """Return how often containers of each service were started again."""
    restarts: Counter[str] = Counter()
    known: set[str] = set()
    for event in events:
        if event.kind == Kind.CONTAINER and event.data.get("action") == "start":
            container = str(event.data.get("container", ""))
            restarts[event.service] += container in known
            known.add(container)
    return restarts


def _published(starts: Iterable[Span]) -> tuple[int, ...]:
    return tuple(sorted({int(port) for span in starts for port in span.data.get("ports") or ()}))
