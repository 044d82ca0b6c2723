"""Twenty services, fifty tests of one to four services each: fresh, shared, and on two workers."""

from __future__ import annotations

from bench.bars import Line, against
from bench.context import Bench
from bench.engine_api import start_and_remove
from bench.peers import PEERS, run_peer
from bench.project import TWENTY, chain_tests, plain_services, write_folder, write_pytest
from bench.runner import PytestRun
from bench.sample import Measured, Sample
from bench.stats import Series
from bench.work import Result, Work

_SERVICES = [name for chain in TWENTY for name in chain.services]
# all twenty in turn, neighbours in the file being of different chains
_TESTS = [_SERVICES[number * 7 % 20] for number in range(50)]
_BUSY = 0.02  # seconds that a test's body takes of its own
_OF_FIFTY = 5
_START, _PLAIN, _PLAIN_TWO = (
    "bare Engine API, one start",
    "the tests alone",
    "the tests alone, -n 2",
)
_FRESH, _SHARED, _SHARED_TWO = "harness, fresh", "harness, shared", "harness, shared, -n 2"


def measure(bench: Bench) -> Result:
    """Measure from the end of collection to the end of the last body, fresh with removal."""
    peer = PEERS[0]
    rival = f"{peer.name} (5 of 50, scaled)"

    def fresh() -> Sample:
        run = _run(bench, "fresh")
        return Sample(bench.gone(run) - run.collected)

    def shared(*args: str) -> Sample:
        run = _run(bench, "shared", *args)
        return Sample(_span(run), bench.gone(run) - run.tests[-1].end)

    def v2() -> Sample:
        run = run_peer(bench, peer, TWENTY, _TESTS[:_OF_FIFTY])
        return Sample((bench.gone(run) - run.collected) * len(_TESTS) / _OF_FIFTY)

    slow = bench.alternate({_FRESH: fresh, rival: v2}, bench.some(2))
    quick = bench.alternate(
        {
            _START: lambda: start_and_remove(bench.run, TWENTY),
            _PLAIN: lambda: Sample(_span(_run(bench, "plain"))),
            _PLAIN_TWO: lambda: Sample(_span(_run(bench, "plain", "-n", "2"))),
            _SHARED: shared,
            _SHARED_TWO: lambda: shared("-n", "2"),
        },
        bench.some(3),
    )
    measured = Measured(
        {**slow.took, **quick.took},
        {**slow.removal, **quick.removal},
        {**slow.missing, **quick.missing},
    )
    return Result(measured, _lines(measured, rival), plotted=True)


def _run(bench: Bench, way: str, *args: str) -> PytestRun:
    options = [] if way == "plain" else bench.options(way)
    root = bench.new_project("twenty")
    write_folder(root, TWENTY, bench.run)
    write_pytest(root, chain_tests(_TESTS, _BUSY), plain_services(_SERVICES), _SERVICES)
    return bench.plain(root, *args) if way == "plain" else bench.harness(root, *options, *args)


def _span(run: PytestRun) -> float:
    return run.tests[-1].end - run.collected


def _lines(measured: Measured, rival: str) -> tuple[Line, ...]:
    took = measured.took
    fresh = against(
        "20 services, 50 tests of 1 to 4 services, fresh, with removal",
        "at most 0.1 times pytest-docker-compose-v2 (5 of its 50, scaled)",
        0.1,
        took.get(_FRESH),
        took.get(rival),
        measured.why(_FRESH, rival),
    )
    bar = "at most 1.2 x (one start of all 20 over the bare API + the tests alone)"
    return (
        fresh,
        against(
            "the same, shared",
            bar,
            1.2,
            took.get(_SHARED),
            _sum(took.get(_START), took.get(_PLAIN)),
            measured.why(_SHARED, _START, _PLAIN),
        ),
        against(
            "the same, shared, -n 2",
            bar,
            1.2,
            took.get(_SHARED_TWO),
            _sum(took.get(_START), took.get(_PLAIN_TWO)),
            measured.why(_SHARED_TWO, _START, _PLAIN_TWO),
        ),
    )


def _sum(one: Series | None, other: Series | None) -> Series | None:
    if one is None or other is None:
        return None
    return Series.of([a + b for a, b in zip(one.values, other.values, strict=False)])


WORK = Work("twenty-services", "Twenty services, fifty tests of one to four services", measure)
