"""The lines that a run leaves behind while it works, none of which fills a log. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness.observe.event import AT_THE_END, Event, Kind
from harness.observe.words import lasted, listed

WORTH_A_LINE = 1.0
"""Seconds from which on a phase has a line."""

_DONE = {Kind.IMAGE_BUILD: "built", Kind.IMAGE_PULL: "pulled"}


@dataclass(frozen=True, slots=True)
class Remark:
    """A line that stays, with what may be folded away below it.

    Attributes:
        text: The line.
        folded: What a builder wrote, for logs that can fold it away.
    """

    text: str
    folded: tuple[str, ...] = ()


@dataclass(slots=True)
class Remarks:
    """Makes remarks on events.

    Attributes:
        each_start: Whether each start of a service has a line with its time.
        phases: Whether what takes longer than a second has one: a terminal shows it as it goes on.
        folds: Whether the log folds what a builder wrote away: then every build has a line.
    """

    each_start: bool
    phases: bool
    folds: bool = False
    _told: set[str] = field(default_factory=set)
    _started: dict[tuple[str, str, str], float] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The events that may be worth a line."""
        starts = (Kind.SERVICE_START, Kind.SERVICE_WAIT) if self.each_start else ()
        return (Kind.NOTE, Kind.RUN_PHASE, Kind.TEST_LEASE, *_DONE, *starts)

    def of(self, event: Event) -> Iterator[Remark]:
        """Yield the lines that an event is worth."""
        if event.kind == Kind.NOTE:
            yield Remark(f"harness: {event.data.get('text', '')}")
        elif event.kind in {Kind.SERVICE_START, Kind.SERVICE_WAIT}:
            yield from self._start(event)
        elif not event.begins and "error" not in event.data:
            yield from self._phase(event)
        elif not event.begins and event.kind in _DONE and self.phases:
            yield Remark(f"harness: {_names(event)} not {_done(event)}", _output(event))

    def _start(self, event: Event) -> Iterator[Remark]:
        """Tell of a service that is ready, with its time since it was started."""
        container = event.stack, event.service, str(event.data.get("container", ""))
        if event.begins:
            self._started.setdefault(container, event.at)
        elif event.kind == Kind.SERVICE_WAIT:
            began = self._started.pop(container, event.began)
            if self.each_start and "error" not in event.data:
                yield Remark(f"harness: {event.service} ready in {lasted(event.at - began)}")

    def _phase(self, event: Event) -> Iterator[Remark]:
        folded = self.folds and bool(_output(event))
        wanted = self.phases or self.each_start
        if not (folded or (wanted and event.took >= WORTH_A_LINE)):
            return
        if event.kind in _DONE:
            yield Remark(
                f"harness: {_done(event)} {_names(event)} in {lasted(event.took)}", _output(event)
            )
        elif event.kind == Kind.RUN_PHASE and event.data.get("name") != AT_THE_END:
            yield Remark(f"harness: {event.data.get('name', '')}: {lasted(event.took)}")
        elif event.kind == Kind.TEST_LEASE and not self.each_start:
            stacks: Mapping[str, Mapping[str, list[str]]] = event.data.get("stacks") or {}
            names = listed([n for stack in stacks.values() for n in stack.get("services", ())], 6)
            if names not in self._told:  # the same services again would fill the log
                self._told.add(names)
                yield Remark(f"harness: {names} ready after {lasted(event.took)}")


def _done(event: Event) -> str:
    return _DONE[Kind(event.kind)]


def _names(event: Event) -> str:
    return listed([*event.data.get("services", ())])


def _output(event: Event) -> tuple[str, ...]:
    return tuple(event.data.get("output") or ())
