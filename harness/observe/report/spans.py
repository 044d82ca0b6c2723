"""What lasts, from events: each with its begin and its end, also where no end was told. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.observe.event import Event, Kind

_LASTS = frozenset(
    {
        Kind.RUN_PHASE,
        Kind.IMAGE_BUILD,
        Kind.IMAGE_PULL,
        Kind.STACK_CREATE,
        Kind.SERVICE_START,
        Kind.SERVICE_WAIT,
        Kind.STACK_RESET,
        Kind.STACK_REMOVE,
        Kind.TEST_LEASE,
    }
)


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasted.

    Attributes:
        event: What tells its end, or its begin if the end is missing.
        begin: When it began, in seconds since the epoch.
        end: When it ended, or the last that is known of its run.
        finished: Whether its end was told.
    """

    event: Event
    begin: float
    end: float
    finished: bool = True

    @property
    def kind(self) -> str:
        """What lasted."""
        return self.event.kind

    @property
    def data(self) -> Mapping[str, Any]:
        """What else is known."""
        return self.event.data

    @property
    def error(self) -> str:
        """Why it failed, or ``""``."""
        return str(self.data.get("error", ""))


def spans(events: Iterable[Event], until: float) -> list[Span]:
    """Return what lasted, by its begin.

    Args:
        events: Events of one run, in time order.
        until: When that ended which has no end: the run was killed.
    """
    found: list[Span] = []
    open_: defaultdict[object, list[Event]] = defaultdict(list)
    for event in events:
        if event.kind not in _LASTS:
            continue
        if event.begins:
            open_[_key(event)].append(event)
        else:
            if begun := open_[_key(event)]:
                begun.pop(0)
            found.append(Span(event, event.began, event.at))
    found += [
        Span(event, event.at, max(until, event.at), finished=False)
        for begun in open_.values()
        for event in begun
    ]
    return sorted(found, key=lambda span: span.begin)


def _key(event: Event) -> object:
    """Return what an end has in common with its begin."""
    more = [event.data.get(name) for name in ("container", "name")]
    return event.kind, event.worker, event.stack, event.service, event.test, *map(str, more)
