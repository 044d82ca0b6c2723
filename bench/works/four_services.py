"""Four services in a chain whose health checks are declared every five seconds."""

from __future__ import annotations

from bench.bars import against
from bench.context import Bench
from bench.engine_api import start_and_remove
from bench.project import FOUR_SLOW, chain_tests, write_folder, write_pytest
from bench.sample import Sample
from bench.work import Result, Work


def measure(bench: Bench) -> Result:
    """Measure the time to the body of a single test."""

    def harness() -> Sample:
        root = bench.new_project("four")
        write_folder(root, [FOUR_SLOW], bench.run)
        write_pytest(root, chain_tests(FOUR_SLOW.services[-1:]))
        return bench.sample(bench.harness(root, *bench.options("fresh")))

    measured = bench.alternate(
        {
            "bare Engine API": lambda: start_and_remove(bench.run, [FOUR_SLOW]),
            "harness": harness,
            "docker compose up --wait": lambda: bench.compose_up([FOUR_SLOW]),
        },
        bench.some(5),
    )
    line = against(
        "four services in a chain, health check every 5 s",
        "at most 1.5 times the bare API",
        1.5,
        measured.took.get("harness"),
        measured.took.get("bare Engine API"),
        measured.why("harness"),
    )
    return Result(measured, (line,), plotted=True)


WORK = Work("four-services", "Four services in a chain, health check every 5 s", measure)
