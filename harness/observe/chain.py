"""Who waited for whom when a start failed, read from events. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from harness.observe.event import Event, Kind

_BY_ITSELF = "Cancelled"  # what ends the other waits of a stack when one has failed


@dataclass(frozen=True, slots=True)
class Failed:
    """A service whose start failed.

    Attributes:
        service: Its name.
        container: The id of its container.
        stack: Its stack.
    """

    service: str
    container: str
    stack: str


def failed_service(events: Sequence[Event], stacks: Collection[str], error: str) -> Failed | None:
    """Return the service that a failed start has failed of, or None where it was no service.

    Args:
        events: Events of a run, in time order.
        stacks: The stacks that count.
        error: The text of the error that the start has raised.
    """
    ended = [
        event
        for event in events
        if event.kind in {Kind.SERVICE_START, Kind.SERVICE_WAIT}
        and event.stack in stacks
        and event.data.get("error_class", _BY_ITSELF) != _BY_ITSELF
    ]
    same = [event for event in ended if event.data.get("error") == error]
    # what the error says of an engine's refusal is put into other words on its way
    found = next(iter(same or ended), None)
    if found is None:
        return None
    return Failed(found.service, str(found.data.get("container", "")), found.stack)


def chain(
    events: Sequence[Event], wanted: Collection[str], failed: Failed, error: str
) -> list[str]:
    """Say who waited for whom, down to what failed, and what else was not there yet.

    Args:
        events: Events of a run, in time order.
        wanted: The services that the test asks for.
        failed: What failed.
        error: The text of the error: what it says already is not said again.
    """
    graph = _graph(events)
    path = _path(graph, wanted, failed.service)
    told = [f"the test wants {name}" for name in path[:1]]
    for depth, (name, other) in enumerate(pairwise(path), 1):
        told.append(f"{'  ' * depth}{name} waits for {other} ({graph[name][other]})")
    told.append(f"{'  ' * len(path)}{failed.service} failed{_seen(events, failed, error)}")
    return [*told, *_others(events, failed)]


def _graph(events: Iterable[Event]) -> dict[str, Mapping[str, str]]:
    services: Mapping[str, Mapping[str, Any]] = {}
    for event in events:
        if event.kind == Kind.PROJECT:
            services = event.data.get("services", {})
    return {name: told.get("depends_on", {}) for name, told in services.items()}


def _path(
    graph: Mapping[str, Mapping[str, str]], wanted: Collection[str], last: str
) -> Sequence[str]:
    """Return the shortest way from what a test asks for to a service; nothing if there is none."""
    pending: deque[tuple[str, ...]] = deque((name,) for name in sorted(wanted))
    seen: set[str] = set()
    while pending:
        path = pending.popleft()
        if path[-1] == last:
            return path
        if path[-1] not in seen:
            seen.add(path[-1])
            pending.extend((*path, other) for other in graph.get(path[-1], ()))
    return ()


def _seen(events: Iterable[Event], failed: Failed, error: str) -> str:
    """Say what was looked at last, unless the error does."""
    looks = [
        event.data
        for event in events
        if event.kind == Kind.SERVICE_LOOK
        and (event.stack, event.service) == (failed.stack, failed.service)
    ]
    if not looks or str(looks[-1].get("saw")) in error:
        return ", as told above"
    return f": waited for {looks[-1].get('probe')}, last seen: {looks[-1].get('saw')}"


def _others(events: Iterable[Event], failed: Failed) -> Iterator[str]:
    """Say which other services of the stack were ready by then, and which were waited for."""
    ready: dict[str, float] = {}
    waits: dict[str, str] = {}
    for event in events:
        if event.stack != failed.stack or event.service == failed.service:
            continue
        if event.kind == Kind.SERVICE_LOOK:
            waits[event.service] = f"{event.data.get('probe')}, last seen: {event.data.get('saw')}"
        elif event.kind == Kind.SERVICE_WAIT:
            if not event.begins and "error" not in event.data:
                ready[event.service] = event.took
            elif event.begins:
                waits.setdefault(event.service, "it to run")
    waiting = {name: what for name, what in waits.items() if name not in ready}
    yield from (f"{name} was waited for, too: {what}" for name, what in waiting.items())
    if ready:
        after = ", ".join(f"{name} (in {took:.1f} s)" for name, took in ready.items())
        yield f"ready by then: {after}"
