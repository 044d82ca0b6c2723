"""What services did that nobody asked them for, as the journal tells it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from harness.observe.event import Event, Kind

_SEEN_LATE = 0.3  # seconds; Engine 20.10 takes up to 0.2


class What(StrEnum):
    """What a service did unasked."""

    EXIT = "exit"
    """It ended, and nothing started it again."""
    OOM = "oom"
    """It, or a process in it, was killed for want of memory."""
    RESTART = "restart"
    """It ended, and its restart policy started it again."""
    REMOVED = "removed"
    """Its container was removed, and not by the harness."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that a service did, and nobody asked it for.

    Attributes:
        what: What.
        stack: Its stack.
        service: Its name.
        container: The id of its container.
        at: When, in seconds since the epoch.
        exit_code: The exit code, if it ended.
        out_of_memory: Whether it was for want of memory, as far as the engine has told.
    """

    what: What
    stack: str
    service: str
    container: str
    at: float
    exit_code: int | None = None
    out_of_memory: bool = False

    def told(self, moment: float | None = None, called: str = "") -> str:
        """Return it as a sentence without its end: ``orders died (exit 137) 3.1 s before …``.

        Args:
            moment: A moment to tell its distance from, in seconds since the epoch.
            called: What that moment is called: ``the assertion``.
        """
        when = f" {distance(moment - self.at, called)}" if moment is not None else ""
        return f"{self.service} {self._did()}{when}"

    def no_later_than(self, ended: float) -> Incident:
        """Return it with the time that an engine has of an end: its event comes after that.

        Args:
            ended: When the container ended, in seconds since the epoch; 0 if that is not known.
        """
        return replace(self, at=ended) if 0 < ended < self.at else self

    def because_of_memory(self) -> Incident:
        """Return it as what came of a kill for want of memory, if it is an end."""
        return replace(self, out_of_memory=True) if self.what is What.EXIT else self

    def _did(self) -> str:
        memory = ", out of memory" if self.out_of_memory else ""
        match self.what:
            case What.EXIT:
                return f"died (exit {self.exit_code}{memory})"
            case What.RESTART:
                return f"died (exit {self.exit_code}{memory}) and was restarted"
            case What.OOM:
                return "had a process killed, out of memory,"
            case What.REMOVED:
                return "was removed, and not by the harness,"


def distance(seconds: float, called: str) -> str:
    """Return how far before a moment something was: ``3.1 s before …``, ``0.4 s after …``.

    What came just after it came with it: a client sees its connection break before an engine sees
    the end of the process.
    """
    shown = f"{abs(seconds):.1f}"
    if shown == "0.0" or -_SEEN_LATE <= seconds < 0:
        return f"at {called}"
    return f"{shown} s {'before' if seconds > 0 else 'after'} {called}"


def incidents(
    events: Iterable[Event], stacks: Collection[str], since: float = 0.0
) -> list[Incident]:
    """Return what the services of stacks did unasked, in time order.

    What happens before a service is ready is its start's affair: many crash and try again until
    what they depend on is there.

    Args:
        events: Events of a run, in time order.
        stacks: The stacks that count.
        since: From when on, in seconds since the epoch.
    """
    reader = IncidentReader()
    for event in events:
        if event.kind in reader.KINDS:
            reader.read(event)
    return reader.of(stacks, since)


def was_asked(events: Iterable[Event], incident: Incident) -> bool:
    """Whether somebody had asked for what became of a container: another worker's test may have.

    Args:
        events: Events of the run, in time order.
        incident: What this process knows of it.
    """
    asked = False
    for event in events:
        if event.at > incident.at:
            break
        if event.kind == Kind.CONTAINER_ASKED:
            asked = asked or incident.container in event.data.get("containers", ())
        elif event.kind == Kind.CONTAINER and event.data.get("container") == incident.container:
            asked = asked and event.data.get("action") != "start"
    return asked


class IncidentReader:
    """Goes through events as they come, and knows of each container what it needs for the next.

    Attributes:
        KINDS: The events that count.
        found: What services did unasked, in time order.
    """

    KINDS = (
        Kind.CONTAINER,
        Kind.PROJECT,
        Kind.SERVICE_ADOPTED,
        Kind.SERVICE_START,
        Kind.SERVICE_WAIT,
    )

    def __init__(self) -> None:
        self.found: list[Incident] = []
        self._services: Mapping[str, Mapping[str, Any]] = {}
        self._ready: dict[str, float] = {}
        self._latest: dict[str, int] = {}  # the place of each container's latest in this run of it

    def read(self, event: Event) -> None:
        """Take the next event; others than those that count change nothing."""
        container = str(event.data.get("container", ""))
        match event.kind:
            case Kind.PROJECT:
                self._services = event.data.get("services", {})
            case Kind.SERVICE_WAIT if event.begins or "error" in event.data:
                self._ready.pop(container, None)
            case Kind.SERVICE_WAIT:
                self._ready[container] = event.at
            case Kind.SERVICE_ADOPTED:
                self._latest.pop(container, None)
                self._ready[container] = event.at
            case Kind.SERVICE_START:
                self._latest.pop(container, None)  # not its restart policy: somebody's wish
                self._ready.pop(container, None)
            case Kind.CONTAINER if container in self._ready:
                self._happened(str(event.data.get("action")), event, container)

    def of(self, stacks: Collection[str], since: float = 0.0) -> list[Incident]:
        """Return what the services of stacks did from a time on (epoch seconds)."""
        return [i for i in [*self.found] if i.stack in stacks and i.at >= since]

    def ready_since(self, container: str) -> float | None:
        """Return when a container was ready, in seconds since the epoch; None if it is not."""
        return self._ready.get(container)

    def _happened(self, action: str, event: Event, container: str) -> None:
        unasked = not event.data.get("asked")
        if action == "oom" and self._known(container, What.EXIT):
            # an engine may tell of the death first
            place = self._latest[container]
            self.found[place] = self.found[place].because_of_memory()
        elif action == "oom":
            self._enter(What.OOM, event, container, out_of_memory=True)
        elif action == "die" and unasked and not self._may_end(event):
            # the kill for want of memory, and the death that comes of it, are one
            memory = self._known(container, What.OOM)
            self._enter(What.EXIT, event, container, out_of_memory=memory)
        elif action == "destroy" and unasked:
            self._enter(What.REMOVED, event, container)
        elif action == "start":
            if self._known(container, What.EXIT):
                place = self._latest[container]
                self.found[place] = replace(self.found[place], what=What.RESTART)
            self._latest.pop(container, None)
        if action == "destroy":
            self._ready.pop(container, None)
            self._latest.pop(container, None)

    def _may_end(self, event: Event) -> bool:
        code = self._services.get(event.service, {}).get("ends_with")
        return code is not None and code == event.data.get("exit_code")

    def _known(self, container: str, what: What) -> bool:
        place = self._latest.get(container)
        return place is not None and self.found[place].what is what

    def _enter(
        self, what: What, event: Event, container: str, *, out_of_memory: bool = False
    ) -> None:
        code = event.data.get("exit_code")
        incident = Incident(
            what, event.stack, event.service, container, event.at, code, out_of_memory
        )
        if container in self._latest:  # what came before led to this
            self.found[self._latest[container]] = incident
        else:
            self._latest[container] = len(self.found)
            self.found.append(incident)
