"""The tests of a run, from its events. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.observe.event import Event, Kind
from harness.observe.report.model import TestTold
from harness.observe.report.spans import Span
from harness.observe.tests import UNFINISHED


@dataclass
class _Test:
    """What is known of a test so far."""

    begun: Event
    end: Event | None = None
    phases: dict[str, float] = field(default_factory=dict)
    text: str = ""
    verdict: list[str] = field(default_factory=list)
    log: list[Any] = field(default_factory=list)
    cut: int = 0
    state: Mapping[str, Any] = field(default_factory=dict)
    leases: list[tuple[float, float]] = field(default_factory=list)
    stacks: dict[str, Mapping[str, Any]] = field(default_factory=dict)


LogStore = Callable[[Iterable[Any]], tuple[tuple[int, int], ...]]
"""Takes the lines of a test's log, and returns where they are kept."""


def tests_of(
    events: Iterable[Event],
    leases: Iterable[Span],
    run: int,
    until: float,
    keep_log: LogStore,
) -> list[TestTold]:
    """Return the tests of a run, in the order in which they began.

    Args:
        events: The run's events, in time order.
        leases: When tests waited for their services.
        run: The number of the run.
        until: When it ended.
        keep_log: Takes each test's log.
    """
    reader = _Reader()
    for event in events:
        reader.read(event)
    for lease in leases:
        reader.lease(lease)
    return [_told(test, run, until, keep_log) for test in reader.tests]


class _Reader:
    """Goes through events; a test that runs again (a plugin repeats it) is another one."""

    def __init__(self) -> None:
        self.tests: list[_Test] = []
        self._known: defaultdict[tuple[str, str], list[_Test]] = defaultdict(list)

    def read(self, event: Event) -> None:
        known = self._known[event.worker, event.test]
        if event.kind == Kind.TEST_BEGIN:
            known.append(_Test(event))
            self.tests.append(known[-1])
        elif event.test and known:
            _enter(known[-1], event)

    def lease(self, span: Span) -> None:
        known = self._known[span.event.worker, span.event.test]
        if test := next((t for t in reversed(known) if t.begun.at <= span.end), None):
            test.leases.append((span.begin, span.end))
            test.stacks |= span.data.get("stacks") or {}


def _enter(test: _Test, event: Event) -> None:
    data = event.data
    match event.kind:
        case Kind.TEST_PHASE:
            test.phases[str(data.get("when"))] = event.took
            if text := data.get("text"):
                test.text = "\n\n".join(filter(None, [test.text, str(text)]))
        case Kind.TEST_VERDICT:
            test.verdict += map(str, data.get("lines") or ())
        case Kind.TEST_LOG:
            test.log += data.get("lines") or ()
            test.cut += int(data.get("cut") or 0)
        case Kind.TEST_STATE:
            test.state = data.get("services") or {}
        case Kind.TEST_END:
            test.end = event
        case _:
            pass


def _told(test: _Test, run: int, until: float, keep_log: LogStore) -> TestTold:
    begun, end = test.begun, test.end
    place = str(begun.data.get("file") or "")
    if place and begun.data.get("line"):
        place += f":{begun.data['line']}"
    return TestTold(
        run,
        begun.test,
        place,
        begun.worker,
        str(end.data.get("outcome", "")) if end else UNFINISHED,
        str(end.data.get("message", "")) if end else "",
        test.text,
        begun.at,
        end.at if end else until,
        tuple(test.leases),
        test.phases,
        test.stacks,
        tuple(test.verdict),
        keep_log(test.log),
        test.cut,
        test.state,
    )
