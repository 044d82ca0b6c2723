"""What a journal holds: things that happened, each with its time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple, Self


class Kind(StrEnum):
    """What happened. Those marked *lasts* are told twice: when they begin and when they end.

    docs/journal.md has the ``data`` of each.
    """

    RUN_BEGIN = "run.begin"
    """A process of a run began; the first of its events."""
    RUN_PHASE = "run.phase"
    """Lasts: finding Compose, resolving the project, connecting, the sweep."""
    PROJECT = "project"
    """The compose project as Compose resolved it: services, and what each depends on."""
    IMAGE_BUILD = "image.build"
    """Lasts: an image was built."""
    IMAGE_PULL = "image.pull"
    """Lasts: images were pulled."""
    IMAGE_PROGRESS = "image.progress"
    """A build or a pull came further."""
    STACK_CREATE = "stack.create"
    """Lasts: containers, networks and volumes of services were created."""
    SERVICE_START = "service.start"
    """Lasts: one container was started, its ``post_start`` hooks included."""
    SERVICE_WAIT = "service.wait"
    """Lasts: one container was waited for, until it was ready or had failed."""
    SERVICE_LOOK = "service.look"
    """A look at a container that is waited for saw something new."""
    STACK_RESET = "stack.reset"
    """Lasts: the state of services was put back."""
    SERVICE_REPLACE = "service.replace"
    """Lasts: a service got new containers, to put its state back or because it was lost."""
    STACK_REMOVE = "stack.remove"
    """Lasts: a stack was removed."""
    CONTAINER = "container"
    """Something happened to a container, by the engine's own word."""
    CONTAINER_ASKED = "container.asked"
    """Somebody is about to stop, kill, pause or remove containers."""
    SERVICE_ADOPTED = "service.adopted"
    """A container that others have brought up is used here from now on; it is ready."""
    TEST_BEGIN = "test.begin"
    """A test that needs services began."""
    TEST_LEASE = "test.lease"
    """Lasts: a test waited for its services."""
    TEST_PHASE = "test.phase"
    """Lasts: set-up, call or teardown of a test."""
    TEST_VERDICT = "test.verdict"
    """What services did, where that explains a failure."""
    TEST_LOG = "test.log"
    """What a test's services wrote, in time order."""
    TEST_STATE = "test.state"
    """How a test's services were when it failed."""
    TEST_END = "test.end"
    """A test ended; ``took`` is all of it."""
    NOTE = "note"
    """Something that the harness did of its own accord."""
    WARNING = "warning"
    """Something that a user may want to know."""
    RUN_END = "run.end"
    """A process of a run ended; the last of its events."""


AT_THE_END = "remove what is left"
"""The phase of a run that comes after its tests."""


def _refuse(constant: str) -> None:
    """Raise ValueError: a journal tells moments and durations, and none is NaN or without end."""
    raise ValueError(constant)


# what an event is told of, as its line has it
_NAMES = ("run", "worker", "stack", "service", "test")


# json.dumps() would make one for each event
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


class Event(NamedTuple):
    """One thing that happened.

    A tuple is made in a fifth of the time of a frozen dataclass, and there are many.

    Attributes:
        kind: What.
        at: When, in seconds since the epoch; of what lasts, when it ended.
        took: How long it lasted, in seconds.
        begins: Whether something only begins here; its end is told by another event with the
            same kind, worker, stack, service and test.
        worker: The worker of xdist that told it, empty without.
        stack: The project name of the stack that it concerns.
        service: The service that it concerns.
        test: The id of the test that it concerns.
        data: What else is known, as JSON has it; depends on the kind.
        run: The run that it is of, where a journal holds several; else empty.
    """

    kind: str
    at: float
    took: float = 0.0
    begins: bool = False
    worker: str = ""
    stack: str = ""
    service: str = ""
    test: str = ""
    data: Mapping[str, Any] = MappingProxyType({})
    run: str = ""

    @property
    def began(self) -> float:
        """When it began, in seconds since the epoch."""
        return self.at - self.took

    def line(self) -> str:
        """Return it as a line of a journal: JSON without what is empty."""
        # microseconds: what an engine's events and a journal's own clock can be compared by
        told: dict[str, Any] = {"kind": self.kind, "at": round(self.at, 6)}
        if self.took:
            told["took"] = round(self.took, 6)
        if self.begins:
            told["begins"] = True
        for name in (*_NAMES, "data"):
            if value := getattr(self, name):
                told[name] = value
        return _encode(told)

    @classmethod
    def of_line(cls, line: str) -> Self:
        """Read a line of a journal; what it says that is not known here is passed over.

        Raises:
            ValueError: It is none.
        """
        try:
            told = json.loads(line, parse_constant=_refuse)
            return cls(
                kind=str(told["kind"]),
                at=float(told["at"]),
                took=float(told.get("took", 0.0)),
                begins=bool(told.get("begins", False)),
                **{name: str(told.get(name, "")) for name in _NAMES},
                data=dict(told.get("data") or {}),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"no event of a journal: {line[:80]!r} ({error})") from None
