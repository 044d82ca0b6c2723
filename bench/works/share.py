"""A test's share of harness time, on a shared stack."""

from __future__ import annotations

import statistics

from bench.bars import Line
from bench.context import Bench
from bench.project import TWO, chain_tests, plain_services, write_folder, write_pytest
from bench.sample import Sample
from bench.work import Result, Work

_TESTS = 100
_SHARED, _PLAIN = "harness, shared", "plain pytest"


def measure(bench: Bench) -> Result:
    """Measure the time between two tests' bodies, less the same in plain pytest."""
    root = bench.new_project("share")
    write_folder(root, [TWO], bench.run)
    tests = chain_tests(TWO.services[-1:] * _TESTS)
    write_pytest(root, tests, plain_services(TWO.services), TWO.services)

    def shared() -> Sample:
        run = bench.harness(root, *bench.options("shared"))
        bench.gone(run)
        return Sample(statistics.median(run.gaps) * 1e3)

    measured = bench.alternate(
        {
            _SHARED: shared,
            _PLAIN: lambda: Sample(statistics.median(bench.plain(root).gaps) * 1e3),
        },
        bench.some(5),
    )
    took = measured.took
    share = took[_SHARED].minus(took[_PLAIN]) if {_SHARED, _PLAIN} <= took.keys() else None
    line = Line(
        "a test's share of harness time, shared stack",
        "under 5 ms",
        5,
        share,
        "ms",
        why_not=measured.why(_SHARED, _PLAIN),
    )
    return Result(measured, (line,), unit="ms")


WORK = Work("share", "A test's share of harness time on a shared stack", measure)
