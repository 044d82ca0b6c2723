"""What observing costs: the journal, what is shown of it, the look at services, the history."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bench.bars import Line
from bench.context import Bench
from bench.project import TWO, chain_tests, write_folder, write_pytest
from bench.runner import PytestRun
from bench.sample import Sample
from bench.work import Result, Work

_TESTS = 50
_SEEING, _BLIND, _DRAWING = "harness", "harness that observes nothing", "harness with a report"
_PARTS = "harness, counted inside"
_LIMIT = 1.02
_PERCENT = 2
# Nothing that a user can switch off: the methods by which everything is told do nothing; or the
# processor time inside of them is summed up, with what it takes to measure it.
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
    Journal.write_to = lambda self, folder, followed=True: None
    TestJournal.phase = lambda self, report: None
    Conduct.verdict = lambda self: ""
    SessionHooks._watch_ready = lambda self: None

if os.environ.get("BENCH_COUNTED"):
    import atexit
    import functools
    import threading
    import time

    from harness.chronicle import Chronicle
    from harness.hooks import SessionHooks
    from harness.inquest import Inquest
    from harness.observe.containers import ContainerEvents
    from harness.observe.journal import Journal
    from harness.observe.showing import Showing
    from harness.observe.tests import TestJournal
    from harness.stack.conduct import Conduct

    spent = []
    inside = threading.local()

    def counted(owner, name):
        called = getattr(owner, name)

        @functools.wraps(called)
        def count(*args, **kwargs):
            if getattr(inside, "counts", False):
                return called(*args, **kwargs)
            inside.counts = True
            began = time.thread_time()
            try:
                return called(*args, **kwargs)
            finally:
                spent.append(time.thread_time() - began)
                inside.counts = False

        setattr(owner, name, count)

    for owner, names in {
        Journal: "tell write_to close",
        ContainerEvents: "take asked",
        TestJournal: "phase",
        Conduct: "__init__ verdict settle",
        Inquest: "begin concerns",
        SessionHooks: "_watch_ready",
        Showing: "flush follow close",
        Chronicle: "begin summary end",
    }.items():
        for name in names.split():
            counted(owner, name)

    def note():
        with open("counted", "w") as file:
            file.write(f"{100 * sum(spent) / time.process_time()}")

    atexit.register(note)
"""


def measure(bench: Bench) -> Result:
    """Measure the processor time of pytest and its children over fifty tests, in turn."""
    root = bench.new_project("observing")
    write_folder(root, [TWO], bench.run)
    write_pytest(root, chain_tests(TWO.services[-1:] * (5 if bench.quick else _TESTS)), _CONFTEST)
    measured = bench.alternate(
        {
            _SEEING: partial(_sample, bench, root),
            _BLIND: partial(_sample, bench, root, BENCH_BLIND="1"),
            _DRAWING: partial(_sample, bench, root, HARNESS_REPORT="report"),
        },
        bench.some(7),
    )
    inside = bench.alternate({_PARTS: partial(_inside, bench, root)}, bench.some(3))
    took = measured.took
    what = f"observing {_TESTS} tests, fresh, two services each: processor time"
    pairs = Line(
        what,
        "under 1.02 times that without",
        _LIMIT,
        took.get(_SEEING),
        held=took[_SEEING].over(took[_BLIND]) if {_SEEING, _BLIND} <= took.keys() else None,
        why_not=measured.why(_SEEING, _BLIND),
    )
    counted = Line(
        f"{what}, counted where it is spent",
        f"under {_PERCENT} % of pytest's own",
        _PERCENT,
        inside.took.get(_PARTS),
        "%",
        why_not=inside.why(_PARTS),
    )
    return Result(measured, (pairs, counted))


def _sample(bench: Bench, root: Path, **env: str) -> Sample:
    return Sample(_run(bench, root, **env).cpu)


def _inside(bench: Bench, root: Path) -> Sample:
    """Return the percentage of pytest's own processor time that observing takes."""
    counted = root / "counted"
    counted.unlink(missing_ok=True)
    _run(bench, root, BENCH_COUNTED="1")
    return Sample(float(counted.read_text()))


def _run(bench: Bench, root: Path, **env: str) -> PytestRun:
    # -v takes back the runner's -q: what is shown, and the summary, are part of it
    return bench.harness(root, "-v", *bench.options("fresh"), **env)


WORK = Work("observing", "What observing costs", measure)
