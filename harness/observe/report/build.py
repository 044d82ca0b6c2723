"""From events to what a report shows. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from harness.observe.event import Event, Kind
from harness.observe.incidents import Incident, incidents
from harness.observe.report.lanes import pack, stack_lives
from harness.observe.report.logs import Lines
from harness.observe.report.minutes import minutes
from harness.observe.report.model import Group, Report, RunTold, Share, StackLife, TestTold
from harness.observe.report.services import services_of
from harness.observe.report.spans import Span, spans
from harness.observe.report.tests import tests_of


@dataclass(frozen=True, slots=True)
class _Run:
    """One run; all moments but its ``zero``, in seconds since the epoch, count from its begin."""

    number: int
    zero: float
    until: float
    events: Sequence[Event]
    found: Sequence[Span]
    incidents: Sequence[Incident]


def report_of(events: Iterable[Event]) -> Report:
    """Return what a report shows.

    Several runs keep their own time: each counts from its begin, since the clocks of different
    machines do not tell which was first.

    Args:
        events: Events of one run, or of several, which their ``run`` tells apart; each run's in
            time order.
    """
    by_run: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_run[event.run].append(event)
    runs = [_read(number, own) for number, own in enumerate(by_run.values())]
    lines = Lines()
    tests: list[TestTold] = []
    groups: list[Group] = []
    shares: list[Share] = []
    for run in runs:
        leases = [span for span in run.found if span.kind == Kind.TEST_LEASE]
        own = tests_of(
            run.events, leases, run.number, run.until, partial(lines.keep, run.number, run.zero)
        )
        groups += _groups(run, own, len(tests))
        shares += _minutes(run, own)
        tests += own
    services, path = services_of(
        [(run.events, run.found) for run in runs], _incidents_by_service(runs)
    )
    return Report(
        runs=tuple(_told(run) for run in runs),
        minutes=_summed(shares),
        groups=tuple(groups),
        tests=tuple(tests),
        services=services,
        path=path,
        lines=tuple(lines.all),
        warnings=_warnings(runs),
    )


def _read(number: int, events: Sequence[Event]) -> _Run:
    zero = min(event.began for event in events)
    until = max(event.at for event in events) - zero
    stacks = {event.stack for event in events if event.stack}
    own = [event._replace(at=event.at - zero) for event in events]
    return _Run(number, zero, until, own, spans(own, until), incidents(own, stacks))


def _told(run: _Run) -> RunTold:
    begun = [event for event in run.events if event.kind == Kind.RUN_BEGIN]
    ended = [event for event in run.events if event.kind == Kind.RUN_END]
    data = begun[0].data if begun else {}
    names = ("project", "engine", "isolation", "pytest")
    project, engine, isolation, pytest = (str(data.get(name, "")) for name in names)
    return RunTold(
        id=str(data.get("run", "")),
        project=project,
        engine=engine,
        isolation=isolation,
        pytest=pytest,
        began=run.zero,
        took=run.until,
        workers=tuple(sorted({e.worker for e in run.events if e.worker}, key=_by_number)),
        ended=len(ended) >= len(begun) > 0,
    )


def _by_number(worker: str) -> tuple[int, str]:
    """Sort gw10 after gw9."""
    return len(worker), worker


def _groups(run: _Run, tests: Sequence[TestTold], first: int) -> list[Group]:
    """Return what each worker did; what all share comes first."""
    uses: defaultdict[str, list[tuple[float, float, int]]] = defaultdict(list)
    lives: dict[str, str] = {}
    by_worker: defaultdict[str, list[int]] = defaultdict(list)
    for number, test in enumerate(tests, first):
        by_worker[test.worker].append(number)
        for name, told in test.stacks.items():
            lives[name] = str(told.get("life", ""))
            uses[name].append((test.leases[-1][1], test.end, number))
    stacks: defaultdict[str, list[StackLife]] = defaultdict(list)
    for stack in stack_lives(run.found, run.events, run.incidents, uses, lives, run.until):
        stacks[stack.worker].append(stack)
    workers = sorted({*stacks, *by_worker}, key=_by_number)
    return [
        Group(run.number, worker, tuple(by_worker[worker]), pack(stacks[worker]))
        for worker in workers
    ]


def _minutes(run: _Run, tests: Sequence[TestTold]) -> list[Share]:
    by_worker: defaultdict[str, list[TestTold]] = defaultdict(list)
    for test in tests:
        by_worker[test.worker].append(test)
    processes = []
    for worker, own in by_worker.items():
        events = [event for event in run.events if event.worker == worker]
        took = max(e.at for e in events) - min(e.began for e in events)
        found = [span for span in run.found if span.event.worker == worker]
        processes.append((took, own, found))
    return minutes(processes)


def _summed(shares: Iterable[Share]) -> tuple[Share, ...]:
    sums: dict[str, Share] = {}
    for share in shares:
        known = sums.get(share.key)
        seconds = share.seconds + (known.seconds if known else 0.0)
        sums[share.key] = Share(share.key, share.name, seconds)
    return tuple(sums.values())


def _incidents_by_service(runs: Iterable[_Run]) -> dict[str, list[tuple[int, float, str]]]:
    found: defaultdict[str, list[tuple[int, float, str]]] = defaultdict(list)
    for run in runs:
        for incident in run.incidents:
            found[incident.service].append((run.number, incident.at, incident.told()))
    return found


def _warnings(runs: Iterable[_Run]) -> tuple[str, ...]:
    """Return the texts of warnings, each once, though every worker may have given it."""
    texts = (
        str(event.data.get("text", ""))
        for run in runs
        for event in run.events
        if event.kind == Kind.WARNING
    )
    return tuple(dict.fromkeys(texts))
