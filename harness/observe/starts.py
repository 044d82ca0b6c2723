"""How long services took to get ready, and which of them the others waited for. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.observe.event import Event, Kind

# seconds by which two clocks' readings of one moment may differ: a service's start follows its
# dependency's readiness within less
_SAME = 0.001


@dataclass(frozen=True, slots=True)
class Ready:
    """A container that was started, and got ready.

    Attributes:
        stack: Its stack.
        service: Its service.
        container: Its id.
        began: When its start began, in seconds since the epoch.
        at: When it was ready.
    """

    stack: str
    service: str
    container: str
    began: float
    at: float

    @property
    def took(self) -> float:
        """Seconds from its start until it was ready."""
        return self.at - self.began


@dataclass(frozen=True, slots=True)
class StackStart:
    """Services of a stack that were brought up together.

    Attributes:
        stack: The stack.
        began: When its containers began to be created, in seconds since the epoch.
        created: When they were.
        ready: Its containers that got ready, each once, in the order in which they did.
    """

    stack: str
    began: float
    created: float
    ready: tuple[Ready, ...]

    @property
    def took(self) -> float:
        """Seconds until all were ready."""
        return max((r.at for r in self.ready), default=self.created) - self.began


def readied(events: Iterable[Event]) -> list[Ready]:
    """Return every container that was started and got ready, in the order in which they did.

    One that ran already, and was only looked at, is none of them.

    Args:
        events: Events of a run, in time order.
    """
    began: dict[tuple[str, str], float] = {}
    found: list[Ready] = []
    for event in events:
        container = str(event.data.get("container", ""))
        if event.kind == Kind.SERVICE_START and event.begins:
            began[event.stack, container] = event.at
        elif event.kind == Kind.SERVICE_WAIT and not event.begins:
            start = began.pop((event.stack, container), None)
            if start is not None and "error" not in event.data:
                found.append(Ready(event.stack, event.service, container, start, event.at))
    return found


def stack_starts(events: Sequence[Event]) -> list[StackStart]:
    """Return what was brought up together, in time order.

    Args:
        events: Events of a run, in time order.
    """
    ready: dict[str, list[Ready]] = defaultdict(list)
    for one in readied(events):
        ready[one.stack].append(one)
    created: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.kind == Kind.STACK_CREATE and not event.begins:
            created[event.stack].append(event)
    found = [
        start
        for stack, of_stack in created.items()
        for place, event in enumerate(of_stack)
        if (start := _start(event, of_stack[place + 1 :], ready[stack])).ready
    ]
    return sorted(found, key=lambda start: start.began)


def _start(created: Event, later: Sequence[Event], ready: Iterable[Ready]) -> StackStart:
    """Return what was brought up with one creation.

    Args:
        created: The creation.
        later: Those of the same stack that came after it.
        ready: The containers of the stack that got ready.
    """
    services = created.data.get("services") or ()
    until = min((event.began for event in later), default=math.inf)
    first: dict[str, Ready] = {}  # a container that a test starts again is ready again
    for one in ready:
        if one.service in services and created.began <= one.began < until:
            first.setdefault(one.container, one)
    return StackStart(created.stack, created.began, created.at, tuple(first.values()))


def critical_path(
    start: StackStart, depends_on: Mapping[str, Collection[str]]
) -> tuple[Ready, ...]:
    """Return the containers that decided how long a start took, each waiting for the one before.

    Args:
        start: What was brought up together.
        depends_on: For each service, those that it depends on.
    """
    path: list[Ready] = [max(start.ready, key=lambda r: r.at)]
    while True:
        needs = depends_on.get(path[0].service, ())
        before = [r for r in start.ready if r.service in needs and r.at <= path[0].began + _SAME]
        if not before:
            return tuple(path)
        path.insert(0, max(before, key=lambda r: r.at))
