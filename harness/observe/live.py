"""What is under way, as the journal tells it: for one line that says what is waited for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.observe.event import Event, Kind
from harness.observe.words import lasted, listed, size

HOLDING = frozenset({Kind.TEST_LEASE, Kind.RUN_PHASE})
"""What tests wait for. What else lasts may go on beside them."""
SHOWN_AFTER = 1.0
"""Seconds that somebody must have waited before anything is shown of it."""

_IMAGES = (Kind.IMAGE_BUILD, Kind.IMAGE_PULL)
# what is told first of what is under way at the same time
_OPERATIONS = (*_IMAGES, Kind.SERVICE_WAIT, Kind.SERVICE_START, Kind.STACK_CREATE, Kind.STACK_RESET)
_VERBS = {
    Kind.IMAGE_BUILD: "building",
    Kind.IMAGE_PULL: "pulling",
    Kind.SERVICE_START: "starting",
    Kind.STACK_CREATE: "creating",
    Kind.STACK_RESET: "resetting",
}
_QUOTED = re.compile(r"`(.{16}).{8,}`", re.DOTALL)

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """How far something is.

    Attributes:
        done: What is done of it.
        total: All of it.
        told: The same in words.
    """

    done: int
    total: int
    told: str


@dataclass(frozen=True, slots=True)
class Doing:
    """What is under way.

    Attributes:
        what: What is done, and to what.
        rest: What else is known of it, with how long it has lasted.
        bar: How far it is, if that is known.
    """

    what: str
    rest: str
    bar: Bar | None = None


class Live:
    """Knows what has begun and not ended."""

    def __init__(self) -> None:
        """Know of nothing."""
        self._open: dict[Key, Event] = {}
        self._holding: dict[Key, Event] = {}
        self._looks: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._progress: dict[str, Mapping[str, Any]] = {}
        self._needs: dict[str, frozenset[str]] = {}
        self._stacks: dict[str, set[str]] = {}

    def take(self, event: Event, *, holds: bool) -> None:
        """Take note of an event.

        Args:
            event: The event.
            holds: Whether what begins with it is waited for by somebody.
        """
        key = _key(event)
        match event.kind:
            case Kind.PROJECT:
                services: Mapping[str, Any] = event.data.get("services") or {}
                self._needs = {n: frozenset(s.get("depends_on") or ()) for n, s in services.items()}
            case Kind.SERVICE_LOOK:
                self._looks[event.stack, event.service] = event.data
            case Kind.IMAGE_PROGRESS:
                self._progress[event.worker] = event.data
            case _ if event.begins:
                self._begin(key, event, holds)
            case _:
                self._end(key, event)

    def _begin(self, key: Key, event: Event, holds: bool) -> None:
        self._open[key] = event
        if holds:
            self._holding[key] = event
        if event.kind == Kind.STACK_CREATE:
            self._stacks.setdefault(event.stack, set()).update(event.data.get("services") or ())
        elif event.kind == Kind.SERVICE_WAIT:
            self._looks.pop((event.stack, event.service), None)
        elif event.kind in _IMAGES:
            self._progress.pop(event.worker, None)

    def _end(self, key: Key, event: Event) -> None:
        self._open.pop(key, None)
        self._holding.pop(key, None)
        if event.kind == Kind.STACK_REMOVE:
            self._stacks.pop(event.stack, None)

    @property
    def holds(self) -> bool:
        """Whether anybody waits for anything."""
        return bool(self._holding)

    def doing(self, now: float) -> Doing | None:
        """Return what is to be shown: of what has been waited for longest, what is done now.

        Args:
            now: The time, in seconds since the epoch.
        """
        waiting = [e for e in self._holding.values() if now - e.at >= SHOWN_AFTER]
        waiting.sort(key=lambda e: e.at)
        for holder in waiting:
            if (found := self._operation(holder.worker)) is not None:
                return self._told(found, now)
        return self._told(waiting[0], now) if waiting else None

    def _operation(self, worker: str) -> Event | None:
        """Return the most telling of what a worker has under way, the oldest of its kind."""
        mine = [e for e in self._open.values() if e.worker == worker]
        for kind in _OPERATIONS:
            if of_kind := [e for e in mine if e.kind == kind]:
                return min(of_kind, key=lambda e: e.at)
        return None

    def _told(self, event: Event, now: float) -> Doing:
        lasts = lasted(now - event.at)
        match event.kind:
            case Kind.SERVICE_WAIT:
                return Doing(
                    self._waiting(event), f"({self._seen(event, lasts)}){self._more(event)}"
                )
            case Kind.IMAGE_BUILD | Kind.IMAGE_PULL:
                told = self._progress.get(event.worker, {})
                text = str(told.get("text", ""))
                return Doing(_verb(event), f"{lasts} {text}".strip(), _bar(told))
            case Kind.RUN_PHASE:
                return Doing(f"harness: {event.data.get('name', '')}", f"({lasts})")
            case Kind.TEST_LEASE:
                return Doing(f"{event.test} waits for its services", f"({lasts})")
            case _:
                return Doing(_verb(event), f"({lasts})")

    def _waiting(self, event: Event) -> str:
        """Say who waits for a service: those of its stack that depend on it."""
        there = self._stacks.get(event.stack, set())
        clients = sorted(n for n in there if event.service in self._needs.get(n, ()))
        whose = f"{listed(clients, 3)}: " if clients else ""
        return f"{whose}waiting for {event.service}"

    def _seen(self, event: Event, lasts: str) -> str:
        look = self._looks.get((event.stack, event.service), {})
        parts = [_short(str(look["probe"]))] if look.get("probe") else []
        parts.append(lasts)
        if look.get("saw"):
            parts.append(f"last: {look['saw']}")
        return ", ".join(parts)

    def _more(self, shown: Event) -> str:
        """Name the other services that a worker waits for."""
        same = [e for e in self._open.values() if (e.kind, e.worker) == (shown.kind, shown.worker)]
        others = sorted({e.service for e in same} - {shown.service})
        return f" and {listed(others, 3)}" if others else ""


def _key(event: Event) -> Key:
    """Return what an event that begins something and the one that ends it have in common."""
    container = str(event.data.get("container", ""))
    return event.kind, event.worker, event.stack, event.service, event.test, container


def _short(probe: str) -> str:
    """Return what is waited for without the whole of a command: what it said is to be seen."""
    if probe.startswith("health check"):
        return "health check"
    return _QUOTED.sub(r"`\1…`", probe)


def _verb(event: Event) -> str:
    names: Iterable[str] = event.data.get("services") or [event.service]
    return f"{_VERBS[Kind(event.kind)]} {listed([*names])}"


def _bar(told: Mapping[str, Any]) -> Bar | None:
    done, total = int(told.get("done", 0)), int(told.get("total", 0))
    if not total:
        return None
    if told.get("unit") == "bytes":
        return Bar(done, total, f"{size(done)} of {size(total)}")
    return Bar(done, total, f"{done}/{total}")


def drawn(doing: Doing, width: int, ascii_only: bool) -> str:
    """Return a line that shows what is under way; it may be too long, and lose its end.

    Args:
        doing: What is under way.
        width: The columns of the terminal.
        ascii_only: Whether the terminal has no other characters.
    """
    bar = doing.bar
    if bar is None:
        return f"{doing.what} {doing.rest}"
    length = min(24, width // 4)
    full = length * min(bar.done, bar.total) // bar.total
    done, rest = ("#", ".") if ascii_only else ("━", "╌")
    shown = f"{done * full}{rest * (length - full)} " if length >= 8 else ""
    return f"{doing.what} {shown}{bar.told} {doing.rest}"
