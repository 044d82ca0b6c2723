"""The memory that the harness adds to pytest's process."""

from __future__ import annotations

from bench.bars import Line
from bench.context import Bench
from bench.project import HEAD, TWENTY, plain_services, write_folder, write_pytest
from bench.sample import Sample
from bench.work import Result, Work

_WITH, _WITHOUT = "harness, 20 services up", "plain pytest"
_SERVICES = [name for chain in TWENTY for name in chain.services]


def measure(bench: Bench) -> Result:
    """Measure the peak of pytest's own process, with a test that needs all twenty services."""
    root = bench.new_project("memory")
    write_folder(root, TWENTY, bench.run)
    names = ", ".join(_SERVICES)
    tests = f"""

def test_all({names}):
    stopwatch.body()
    for service in ({names}):
        talk(service.host, service.port)
    stopwatch.end()
"""
    write_pytest(root, HEAD + tests, plain_services(_SERVICES), _SERVICES)

    def harness() -> Sample:
        # nothing imported beforehand: what the harness imports is its own memory
        run = bench.harness(root, *bench.options("fresh"), BENCH_IMPORT="")
        bench.gone(run)
        return Sample(run.peak_mb)

    def plain() -> Sample:
        return Sample(bench.plain(root, BENCH_IMPORT="").peak_mb)

    measured = bench.alternate({_WITH: harness, _WITHOUT: plain}, bench.some(3))
    took = measured.took
    line = Line(
        "memory added to pytest, 20 services",
        "under 60 MB",
        60,
        took[_WITH].minus(took[_WITHOUT]) if {_WITH, _WITHOUT} <= took.keys() else None,
        "MB",
        why_not=measured.why(_WITH, _WITHOUT),
    )
    return Result(measured, (line,), unit="MB")


WORK = Work("memory", "Memory", measure)
