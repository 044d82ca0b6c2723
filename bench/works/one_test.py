"""One test, fresh, two services in a chain."""

from __future__ import annotations

from bench.bars import against
from bench.context import Bench
from bench.engine_api import start_and_remove
from bench.peers import PEERS, contestant
from bench.project import TWO, chain_tests, write_folder, write_pytest
from bench.sample import Sample
from bench.work import Result, Work


def measure(bench: Bench) -> Result:
    """Measure the time to the body of a single test, of everybody."""

    def harness() -> Sample:
        root = bench.new_project("one")
        write_folder(root, [TWO], bench.run)
        write_pytest(root, chain_tests(TWO.services[-1:]))
        return bench.sample(bench.harness(root, *bench.options("fresh")))

    measured = bench.alternate(
        {
            "bare Engine API": lambda: start_and_remove(bench.run, [TWO]),
            "harness": harness,
            "docker compose up --wait": lambda: bench.compose_up([TWO]),
            **{peer.name: contestant(bench, peer, TWO) for peer in PEERS},
        },
        bench.some(7),
    )
    took = measured.took
    waiting = [peer.name for peer in PEERS if peer.waits and peer.name in took]
    best = min(waiting, key=lambda name: took[name].median, default="")
    return Result(
        measured,
        (
            against(
                "one test, fresh, two services in a chain",
                "at most 1.3 times the bare API",
                1.3,
                took.get("harness"),
                took.get("bare Engine API"),
                measured.why("harness", "bare Engine API"),
            ),
            against(
                "the same",
                f"at most 0.25 times the best peer that waits for health ({best or 'none ran'})",
                0.25,
                took.get("harness"),
                took.get(best),
                measured.why("harness", *(peer.name for peer in PEERS if peer.waits)),
            ),
        ),
        plotted=True,
        notes=(
            "lovely-pytest-docker waits for no health check: its test asks for the port itself.",
        ),
    )


WORK = Work("one-test", "One test, fresh, two services in a chain", measure)
