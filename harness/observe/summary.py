"""The summary at a run's end, made from its journal. Pure."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from harness.observe.event import Event, Kind
from harness.observe.savings import savings
from harness.observe.spent import Spent, spent
from harness.observe.starts import Ready, StackStart, critical_path, readied, stack_starts
from harness.observe.words import lasted

WORTH_SAYING = 1.0
"""Seconds from which on something has a line in the short summary."""

_FEW, _MANY = 3, 10


def summary(events: Sequence[Event], *, full: bool) -> list[str]:
    """Return the lines of the summary; none where no test needed a service.

    Args:
        events: Events of a run, of all its processes, in time order.
        full: Whether to tell all there is, instead of what is worth a line.
    """
    times = spent(events)
    if not times.tests:
        return []
    ready, starts = readied(events), stack_starts(events)
    lines = [
        _times(times),
        *_slowest_services(ready, full),
        *_slowest_start(events, starts, full),
        *_savings(events, full),
        *_replaced(events),
    ]
    if full:
        lines += [*_beside(times), *_longest_waits(times), *_phases(events)]
    return [f"harness: {line}" for line in lines]


def _times(times: Spent) -> str:
    tests = f"{times.tests} test{'s' if times.tests > 1 else ''}"
    workers = f" of {times.workers} workers' time" if times.workers > 1 else ""
    parts = sorted(times.waited.items(), key=lambda part: -part[1])
    causes = ", ".join(f"{lasted(seconds)} {name}" for name, seconds in parts if seconds >= 0.05)
    return (
        f"{tests} took {lasted(times.whole)}{workers}: {lasted(times.testing)} testing, "
        f"{lasted(times.waiting)} waiting for services{f' ({causes})' if causes else ''}"
    )


def _slowest_services(ready: Sequence[Ready], full: bool) -> Iterator[str]:
    by_service: dict[str, list[float]] = defaultdict(list)
    for one in ready:
        by_service[one.service].append(one.took)
    ranked = sorted(by_service.items(), key=lambda of: -statistics.median(of[1]))
    if not full:
        if sum(one.took for one in ready) >= WORTH_SAYING:
            yield f"slowest to get ready: {', '.join(_service(*of) for of in ranked[:_FEW])}"
        return
    for name, times in ranked:
        longest = f", longest {lasted(max(times))}" if len(times) > 1 else ""
        yield f"{_service(name, times)} to get ready{longest}, {lasted(sum(times))} in all"


def _service(name: str, times: Sequence[float]) -> str:
    often = f" (median of {len(times)})" if len(times) > 1 else ""
    return f"{name} {lasted(statistics.median(times))}{often}"


def _slowest_start(
    events: Sequence[Event], starts: Sequence[StackStart], full: bool
) -> Iterator[str]:
    slowest = max(starts, key=lambda start: start.took, default=None)
    if slowest is None or (slowest.took < WORTH_SAYING and not full):
        return
    path = critical_path(slowest, _graph(events))
    steps = [f"create {lasted(slowest.created - slowest.began)}"]
    steps += [f"{one.service} {lasted(one.took)}" for one in path]
    test = next(iter(_tests_of(events, slowest.stack)), "")
    whose = f", of {test}" if full and test else ""
    yield f"slowest start {lasted(slowest.took)}{whose}: {' > '.join(steps)}"


def _graph(events: Sequence[Event]) -> Mapping[str, Sequence[str]]:
    for event in events:
        if event.kind == Kind.PROJECT:
            services: Mapping[str, Mapping[str, Sequence[str]]] = event.data.get("services") or {}
            return {name: [*service.get("depends_on", ())] for name, service in services.items()}
    return {}


def _tests_of(events: Sequence[Event], stack: str) -> Iterator[str]:
    for event in events:
        if event.kind == Kind.TEST_LEASE and stack in (event.data.get("stacks") or {}):
            yield event.test


def _savings(events: Sequence[Event], full: bool) -> Iterator[str]:
    found = [saving for saving in savings(events) if saving.seconds >= WORTH_SAYING]
    for place, saving in enumerate(found[: _MANY if full else 1]):
        others = sum(other.seconds for other in found[1:]) if not (place or full) else 0.0
        more = f", and {others:.0f} s with other tests" if others >= WORTH_SAYING else ""
        yield f"{saving.told()}{more}"


def _replaced(events: Sequence[Event]) -> Iterator[str]:
    names = sorted({e.service for e in events if e.kind == Kind.SERVICE_REPLACE and not e.begins})
    if names:
        yield (
            f"reset by replacing the container: {', '.join(names)}. Faster: `x-harness: {{reset: "
            f"[command…]}}`, or `reset: none` without state"
        )


def _beside(times: Spent) -> Iterator[str]:
    if times.beside:
        parts = ", ".join(f"{lasted(seconds)} {name}" for name, seconds in times.beside.items())
        yield f"while no test waited for it: {parts}"


def _longest_waits(times: Spent) -> Iterator[str]:
    for seconds, test in times.longest[:_FEW]:
        yield f"waited {lasted(seconds)} for services: {test}"


def _phases(events: Sequence[Event]) -> Iterator[str]:
    phases: dict[str, list[float]] = defaultdict(list)
    for event in events:
        if event.kind == Kind.RUN_PHASE and not event.begins:
            phases[str(event.data.get("name", ""))].append(event.took)
    if phases:
        told = ", ".join(f"{name} {lasted(max(times))}" for name, times in phases.items())
        yield f"once a run: {told}"
