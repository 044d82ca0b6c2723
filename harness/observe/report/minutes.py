"""Where the minutes went: what the workers' time was spent on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.observe.event import Kind
from harness.observe.report.intervals import both, length, minus, union
from harness.observe.report.model import Share, TestTold
from harness.observe.report.spans import Span

NAMES = {
    "images": "building and pulling images",
    "opening": "finding Compose, resolving the project",
    "creating": "creating containers",
    "starting": "starting containers",
    "waiting": "waiting until services answer",
    "else": "waiting for something else",
    "fixtures": "fixtures, set-up and teardown",
    "calls": "tests themselves",
    "removing": "removing, after the last test",
    "rest": "pytest, and between tests",
}

# what a test that waits for its services waits for; where several go on at once, the first counts
_WAITS = {
    "images": (Kind.IMAGE_BUILD, Kind.IMAGE_PULL),
    "opening": (Kind.RUN_PHASE,),
    "creating": (Kind.STACK_CREATE,),
    "starting": (Kind.SERVICE_START,),
    "waiting": (Kind.SERVICE_WAIT,),
}


def minutes(
    processes: Iterable[tuple[float, Sequence[TestTold], Sequence[Span]]],
) -> list[Share]:
    """Return what the time of a run's processes was spent on; together it is all of it.

    Args:
        processes: For each process that ran tests: how long it ran, its tests, what lasted in it.
    """
    spent = dict.fromkeys(NAMES, 0.0)
    for took, tests, found in processes:
        for key, seconds in _of_process(took, tests, found).items():
            spent[key] += seconds
    return [Share(key, NAMES[key], seconds) for key, seconds in spent.items()]


def _of_process(took: float, tests: Sequence[TestTold], found: Sequence[Span]) -> dict[str, float]:
    def stretches(*kinds: Kind) -> list[tuple[float, float]]:
        return [(s.begin, s.end) for s in found if s.kind in kinds]

    running = [(test.begin, test.end) for test in tests]
    waited = [lease for test in tests for lease in test.leases]
    waits: dict[str, float] = {}
    left = union(waited)
    for key, kinds in _WAITS.items():
        own = both(left, stretches(*kinds))
        waits[key], left = length(own), minus(left, own)
    last = max((test.end for test in tests), default=0.0)
    removing = [(max(b, last), e) for b, e in stretches(Kind.STACK_REMOVE) if e > last]
    outside = length(minus(running, waited))
    calls = min(sum(test.phases.get("call", 0.0) for test in tests), outside)
    spent = {
        **waits,
        "else": length(left),
        "fixtures": outside - calls,
        "calls": calls,
        "removing": length(removing),
    }
    return spent | {"rest": max(took - sum(spent.values()), 0.0)}
