"""What the harness costs where nobody uses it: pytest's start without any compose file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.bars import Line
from bench.context import PYTHON, Bench
from bench.runner import run_pytest
from bench.sample import Measured, Sample
from bench.work import Result, Work

_WITH, _WITHOUT = "installed", "-p no:harness"
_CPU = ", processor time"
_BAR, _LIMIT = "under 15 ms", 15  # milliseconds


def measure(bench: Bench) -> Result:
    """Measure a whole pytest with one test that does nothing: on the clock, and of processors."""
    root = bench.new_project("unused")
    (root / "pytest.ini").write_text("[pytest]\n")
    (root / "test_it.py").write_text("def test_it():\n    pass\n")
    arguments = {_WITH: (), _WITHOUT: ("-p", "no:harness")}
    contestants: dict[str, Callable[[], Sample]] = {}
    for name, args in arguments.items():
        run_pytest(PYTHON, root, args)  # bytecode is written once
        contestants[name] = partial(_wall, root, args)
        contestants[name + _CPU] = partial(_cpu, root, args)
    measured = bench.alternate(contestants, 3 if bench.quick else bench.some(25))
    lines = (_line(measured, ""), _line(measured, _CPU))
    return Result(measured, lines, unit="ms")


def _line(measured: Measured, what: str) -> Line:
    took, there, away = measured.took, _WITH + what, _WITHOUT + what
    return Line(
        f"unused: added to pytest's start{what}",
        _BAR,
        _LIMIT,
        took[there].minus(took[away]) if {there, away} <= took.keys() else None,
        "ms",
        why_not=measured.why(there, away),
        needs_clear_spread=True,
    )


def _wall(root: Path, args: Sequence[str]) -> Sample:
    return Sample(run_pytest(PYTHON, root, args).wall * 1e3)


def _cpu(root: Path, args: Sequence[str]) -> Sample:
    return Sample(run_pytest(PYTHON, root, args).cpu * 1e3)


WORK = Work("unused", "Installed and not used", measure)
