"""What observing costs: the journal, the look at services after each test, the history."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bench.bars import Line
from bench.context import Bench
from bench.project import TWO, chain_tests, write_folder, write_pytest
from bench.sample import Sample
from bench.work import Result, Work

_TESTS = 50
_SEEING, _BLIND = "harness", "harness that observes nothing"
_LIMIT = 1.02
# Nothing that a user can switch off: the methods by which everything is told do nothing.
_CONFTEST = """
import os

if os.environ.get("BENCH_BLIND"):
    from contextlib import contextmanager

    from harness.hooks import SessionHooks
    from harness.observe.journal import Journal
    from harness.observe.tests import TestJournal
    from harness.stack.conduct import Conduct

    @contextmanager
    def span(self, kind, **where):
        yield {}

    Journal.span = span
    Journal.tell = lambda self, kind, **told: None
    Journal.write_to = lambda self, folder: None
    TestJournal.phase = lambda self, report: None
    Conduct.verdict = lambda self: ""
    SessionHooks._watch_ready = lambda self: None
"""


def measure(bench: Bench) -> Result:
    """Measure the processor time of pytest and its children over fifty tests, in pairs."""
    root = bench.new_project("observing")
    write_folder(root, [TWO], bench.run)
    write_pytest(root, chain_tests(TWO.services[-1:] * (5 if bench.quick else _TESTS)), _CONFTEST)
    measured = bench.alternate(
        {
            _SEEING: partial(_sample, bench, root),
            _BLIND: partial(_sample, bench, root, BENCH_BLIND="1"),
        },
        bench.some(7),
    )
    took = measured.took
    line = Line(
        f"observing {_TESTS} tests, fresh, two services each: processor time",
        "under 1.02 times that without",
        _LIMIT,
        took.get(_SEEING),
        held=took[_SEEING].over(took[_BLIND]) if {_SEEING, _BLIND} <= took.keys() else None,
        why_not=measured.why(_SEEING, _BLIND),
    )
    return Result(measured, (line,))


def _sample(bench: Bench, root: Path, **env: str) -> Sample:
    return Sample(bench.harness(root, *bench.options("fresh"), **env).cpu)


WORK = Work("observing", "What observing costs", measure)
