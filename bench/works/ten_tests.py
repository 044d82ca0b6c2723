"""Ten tests in a row, fresh, with one stack ahead."""

from __future__ import annotations

from bench.bars import against
from bench.context import Bench
from bench.engine_api import start_and_remove
from bench.project import TWO, chain_tests, write_folder, write_pytest
from bench.sample import Sample
from bench.work import Result, Work

_TESTS = 10


def measure(bench: Bench) -> Result:
    """Measure from the first call to all gone, of ten stacks one after the other."""

    def by_hand() -> Sample:
        samples = [start_and_remove(bench.run, [TWO]) for _ in range(_TESTS)]
        return Sample(sum(s.took + s.removal for s in samples))

    def harness(ahead: int | None) -> Sample:
        options = bench.options("fresh", ahead)
        root = bench.new_project("ten")
        write_folder(root, [TWO], bench.run)
        write_pytest(root, chain_tests(TWO.services[-1:] * _TESTS))
        run = bench.harness(root, *options)
        return Sample(bench.gone(run) - run.collected)

    measured = bench.alternate(
        {
            "bare Engine API, one after the other": by_hand,
            "harness, one ahead": lambda: harness(1),
            "harness, none ahead": lambda: harness(0),
        },
        bench.some(5),
    )
    line = against(
        "ten tests in a row, fresh, one stack ahead, with removal",
        "at most 0.9 times the bare API",
        0.9,
        measured.took.get("harness, one ahead"),
        measured.took.get("bare Engine API, one after the other"),
        measured.why("harness, one ahead"),
    )
    return Result(measured, (line,), plotted=True)


WORK = Work("ten-tests", "Ten tests in a row, fresh, two services each", measure)
