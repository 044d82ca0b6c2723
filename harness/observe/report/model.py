"""What a report shows, as inert data. Times are seconds; moments count from the run's begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Phase(StrEnum):
    """What a service is doing in a stretch of the timeline."""

    CREATE = "create"
    START = "start"
    WAIT = "wait"
    UP = "up"
    """It is ready; tests use it, or nobody does."""
    RESET = "reset"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch in the life of a container.

    Attributes:
        phase: What it was doing.
        begin: When that began.
        end: When it ended.
        note: What went wrong, if anything did.
    """

    phase: Phase
    begin: float
    end: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that a service did unasked: when, and the sentence for it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """The life of one container in its stack; ``label`` is the service, and which replica."""

    label: str
    service: str
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class StackLife:
    """One stack.

    Attributes:
        name: Its project name.
        worker: The worker that it is of; empty where all share it, or there is one process.
        begin: When its creation began.
        end: When it was gone, or the run's end.
        life: How long it was to live: test, class, module, session, run; empty if unknown.
        rows: Its containers.
        uses: When tests used it: begin, end, and the test's number.
    """

    name: str
    worker: str
    begin: float
    end: float
    life: str
    rows: tuple[Row, ...]
    uses: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """Stacks that followed each other, drawn in one lane.

    Attributes:
        labels: Its rows: every service that one of the stacks has.
        stacks: The stacks, in time order.
    """

    labels: tuple[str, ...]
    stacks: tuple[StackLife, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What one worker did: its tests (their numbers) and its lanes."""

    run: int
    worker: str
    tests: tuple[int, ...]
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class RunTold:
    """One run.

    Attributes:
        id: Its id.
        project: The name of the project's root directory.
        engine: What ran the services.
        isolation: How far tests' services were their own, unless something nearer said so.
        pytest: pytest's version.
        began: When it began, in seconds since the epoch.
        took: How long it lasted.
        workers: Its workers; none where there was one process.
        ended: Whether it was told to have ended; else it was killed.
    """

    id: str
    project: str
    engine: str
    isolation: str
    pytest: str
    began: float
    took: float
    workers: tuple[str, ...]
    ended: bool


@dataclass(frozen=True, slots=True)
class TestTold:
    """One test, each time that it ran.

    Attributes:
        run: The number of its run.
        id: Its id.
        place: File and line.
        worker: The worker that ran it.
        outcome: passed, failed, error, skipped, xfailed, xpassed; unfinished if it was
            interrupted, or has no end.
        message: The first line of what it failed of.
        text: The failure, as pytest shows it.
        begin: When it began.
        end: When it ended, or the run did.
        leases: When it waited for its services.
        phases: Seconds of set-up, call and teardown, by their names.
        stacks: Its stacks, each with its services, its life and its resets.
        verdict: What its services did, in sentences.
        log: Ranges of the report's lines: the first, and the one after the last.
        cut: Lines that were left out of its log.
        state: How its services were.
    """

    __test__ = False  # pytest is not to collect it where it is imported

    run: int
    id: str
    place: str
    worker: str
    outcome: str
    message: str
    text: str
    begin: float
    end: float
    leases: tuple[tuple[float, float], ...]
    phases: Mapping[str, float]
    stacks: Mapping[str, Mapping[str, Any]]
    verdict: tuple[str, ...]
    log: tuple[tuple[int, int], ...]
    cut: int
    state: Mapping[str, Mapping[str, Any]]

    @property
    def isolation(self) -> str:
        """How far its services were its own: ``fresh``, ``reset``, ``shared``, or several."""
        found = dict.fromkeys(_isolation(stack) for stack in self.stacks.values())
        return " + ".join(found)


def _isolation(stack: Mapping[str, Any]) -> str:
    if stack.get("life") == "test":
        return "fresh"
    return "reset" if stack.get("resets") else "shared"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log: when, of which service, and its mark."""

    at: float
    service: str
    text: str
    mark: str


@dataclass(frozen=True, slots=True)
class Ready:
    """Times to ready of a service, in seconds: all, their median and where most of them lie.

    Attributes:
        times: Each, in the order in which they were measured.
        median: The median.
        low: The 10th percentile.
        high: The 90th percentile.
    """

    times: tuple[float, ...]
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ServiceTold:
    """One service of the project, over all runs.

    Attributes:
        name: Its name.
        place: File and line that define it.
        image: Its image.
        builds: Whether the image is built.
        ports: The container ports that it publishes.
        published: The host ports that it had, as far as they are known.
        depends_on: What it depends on, each with its condition.
        starts: How often a container of it was started.
        restarts: How often one was started again, by whomever.
        ready: Its times to ready; None if it never was.
        failed: Starts after which it did not get ready.
        incidents: What it did unasked: the number of its run, when, and a sentence.
        critical: Whether it is on the critical path.
    """

    name: str
    place: str
    image: str
    builds: bool
    ports: tuple[str, ...]
    published: tuple[int, ...]
    depends_on: Mapping[str, str]
    starts: int
    restarts: int
    ready: Ready | None
    failed: int
    incidents: tuple[tuple[int, float, str], ...]
    critical: bool


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the time that the workers spent: its key, its name, seconds."""

    key: str
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The chain of services that a start waits for: their names, and seconds until the last."""

    services: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report shows."""

    runs: tuple[RunTold, ...]
    minutes: tuple[Share, ...]
    groups: tuple[Group, ...]
    tests: tuple[TestTold, ...]
    services: tuple[ServiceTold, ...]
    path: CriticalPath
    lines: tuple[Line, ...]
    warnings: tuple[str, ...]
