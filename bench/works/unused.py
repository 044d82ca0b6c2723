"""What the harness costs where nobody uses it: pytest's start without any compose file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.bars import Line
from bench.context import PYTHON, Bench
from bench.runner import run_pytest
from bench.sample import Sample
from bench.work import Result, Work

_WITH, _WITHOUT = "installed", "-p no:harness"


def measure(bench: Bench) -> Result:
    """Measure a whole pytest with one test that does nothing."""
    root = bench.new_project("unused")
    (root / "pytest.ini").write_text("[pytest]\n")
    (root / "test_it.py").write_text("def test_it():\n    pass\n")
    contestants = {_WITH: _whole(root), _WITHOUT: _whole(root, "-p", "no:harness")}
    for warm in contestants.values():  # bytecode is written once
        warm()
    measured = bench.alternate(contestants, 3 if bench.quick else bench.some(25))
    took = measured.took
    line = Line(
        "unused: added to pytest's start",
        "under 15 ms",
        15,
        took[_WITH].minus(took[_WITHOUT]) if {_WITH, _WITHOUT} <= took.keys() else None,
        "ms",
        why_not=measured.why(_WITH, _WITHOUT),
    )
    return Result(measured, (line,), unit="ms")


def _whole(root: Path, *args: str) -> Callable[[], Sample]:
    return lambda: Sample(run_pytest(PYTHON, root, args).wall * 1e3)


WORK = Work("unused", "Installed and not used", measure)
