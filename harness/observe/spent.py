"""Where the time of a run's tests went. Pure.

Every moment of a test is counted once: it belongs to the test itself, or to what it waited for.
What goes on beside tests (stacks that start ahead, state that is put back, removal) counts only as
far as a test waited for it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.observe.event import Event, Kind
from harness.observe.intervals import Interval, length, minus, union

# what may be waited for, then in which stack or worker: when that was, in order, none overlapping
Covered = dict[str, dict[str, list[Interval]]]

IMAGES, RESETTING, READY, STARTING, OPENING, OTHER = (
    "building and pulling",
    "resetting",
    "until ready",
    "starting",
    "opening the project",
    "other",
)
# A moment that could be told in several ways is told in the first of these: while one service is
# started and another one is waited for, the test waits until that is ready.
_TELLS = {
    IMAGES: (Kind.IMAGE_BUILD, Kind.IMAGE_PULL),
    RESETTING: (Kind.STACK_RESET,),
    READY: (Kind.SERVICE_WAIT,),
    STARTING: (Kind.SERVICE_START, Kind.STACK_CREATE),
    OPENING: (Kind.RUN_PHASE,),
}
_OF_A_STACK = (READY, STARTING)


@dataclass(frozen=True, slots=True)
class Spent:
    """What the tests of a run spent their time on, in seconds, summed over its processes.

    Attributes:
        tests: How many tests needed services.
        workers: How many processes ran them.
        whole: All of their time.
        waited: What they waited for their services, by what for.
        beside: What went on beside them, or before they asked for it: starting and resetting.
        longest: The waits for services, longest first, with their tests.
    """

    tests: int = 0
    workers: int = 0
    whole: float = 0.0
    waited: dict[str, float] = field(default_factory=dict)
    beside: dict[str, float] = field(default_factory=dict)
    longest: list[tuple[float, str]] = field(default_factory=list)

    @property
    def waiting(self) -> float:
        """Seconds that tests waited for their services."""
        return sum(self.waited.values())

    @property
    def testing(self) -> float:
        """Seconds that tests took besides: their bodies and the team's own fixtures."""
        return self.whole - self.waiting


def spent(events: Sequence[Event]) -> Spent:
    """Return where the time went.

    Args:
        events: Events of a run.
    """
    ended = [e for e in events if not e.begins]
    tests = sorted((e for e in ended if e.kind == Kind.TEST_END), key=lambda e: e.began)
    leases = [e for e in ended if e.kind == Kind.TEST_LEASE]
    running: dict[str, list[Interval]] = defaultdict(list)
    for test in tests:
        running[test.worker].append((test.began, test.at))
    covered, waited = _covered(ended), dict.fromkeys((*_TELLS, OTHER), 0.0)
    for lease in leases:
        # a getter that lives longer may be asked between two tests
        inside = clipped(running[lease.worker], (lease.began, lease.at))
        for name, seconds in _told(inside, lease, covered).items():
            waited[name] += seconds
    return Spent(
        tests=len(tests),
        workers=len(running),
        whole=sum(e.took for e in tests),
        waited={name: seconds for name, seconds in waited.items() if seconds > 0},
        beside=_beside(covered, waited),
        longest=sorted(((e.took, e.test) for e in leases), reverse=True),
    )


def _covered(ended: Iterable[Event]) -> Covered:
    """Return when each of what a test may wait for went on, by stack, or by worker."""
    found: Covered = {name: defaultdict(list) for name in _TELLS}
    for event in ended:
        for name, kinds in _TELLS.items():
            if event.kind in kinds:
                where = event.stack if name in _OF_A_STACK else event.worker
                found[name][where].append((event.began, event.at))
    return {n: {w: union(i) for w, i in of.items()} for n, of in found.items()}


def _told(inside: list[Interval], lease: Event, covered: Covered) -> dict[str, float]:
    """Return what a wait was for, every moment of it once."""
    told: dict[str, float] = {}
    stacks: Mapping[str, Mapping[str, object]] = lease.data.get("stacks") or {}
    shares = any(stack.get("life") != "test" for stack in stacks.values())
    for name, of in covered.items():
        places: Collection[str] = stacks if name in _OF_A_STACK else (lease.worker,)
        if name == RESETTING and not shares:
            continue  # it goes on beside a test that has services of its own alone
        causes = [c for p in places for i in inside for c in clipped(of.get(p, []), i)]
        rest = minus(inside, causes)
        told[name] = length(inside) - length(rest)
        inside = rest
    return {**told, OTHER: length(inside)}


def _beside(covered: Covered, waited: dict[str, float]) -> dict[str, float]:
    """Return how long stacks started, and were put back, while nobody waited for that."""
    found: dict[str, float] = {}
    for name, among in ((STARTING, _OF_A_STACK), (RESETTING, (RESETTING,))):
        places = {place for part in among for place in covered[part]}
        whole = sum(
            length(union(i for part in among for i in covered[part].get(place, ())))
            for place in places
        )
        found[name] = whole - sum(waited[part] for part in among)
    return {name: seconds for name, seconds in found.items() if seconds > 0}


def clipped(disjoint: Sequence[Interval], to: Interval) -> list[Interval]:
    """Return what intervals, in order and not overlapping, cover of another one."""
    begin, end = to
    first = max(0, bisect_right(disjoint, to) - 1)
    found = []
    for a, b in disjoint[first:]:
        if a >= end:
            break
        if b > begin:
            found.append((max(a, begin), min(b, end)))
    return found
