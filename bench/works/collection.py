"""Collecting ten thousand tests with markers."""

from __future__ import annotations

from collections.abc import Callable

from bench.bars import Line
from bench.context import PLAIN, PYTHON, Bench
from bench.project import TWENTY, write_folder
from bench.runner import run_pytest
from bench.sample import Sample
from bench.work import Result, Work

_FILES, _EACH = 100, 100
_PLAIN, _HARNESS = "plain pytest", "harness"
_SERVICES = [name for chain in TWENTY for name in chain.services]


def measure(bench: Bench) -> Result:
    """Measure the processor time of ``--collect-only``, in alternating pairs."""
    root = bench.new_project("collection")
    write_folder(root, TWENTY, bench.run)
    (root / "pytest.ini").write_text("[pytest]\n")
    listed = "".join(f"    {marker}: a service\n" for marker in _SERVICES)
    (root / "plain.ini").write_text(f"[pytest]\nmarkers =\n{listed}")
    for file in range(_FILES):
        tests = "".join(
            f"@pytest.mark.{_SERVICES[(file + number) % 20]}\ndef test_{number}():\n    pass\n\n\n"
            for number in range(_EACH)
        )
        (root / f"test_{file:03}.py").write_text(f"import pytest\n\n\n{tests}")

    def collect(*args: str) -> Sample:
        return Sample(run_pytest(PYTHON, root, ["--collect-only", "-q", *args]).cpu)

    contestants: dict[str, Callable[[], Sample]] = {
        _PLAIN: lambda: collect(*PLAIN),
        _HARNESS: collect,
    }
    for warm in contestants.values():
        warm()
    measured = bench.alternate(contestants, 2 if bench.quick else max(7, bench.some(7)))
    took = measured.took
    there = {_PLAIN, _HARNESS} <= took.keys()
    line = Line(
        "10,000 collected tests with markers, processor time",
        "at most 1.05 times plain pytest",
        1.05,
        took.get(_HARNESS),
        held=took[_HARNESS].over(took[_PLAIN]) if there else None,
        why_not=measured.why(_PLAIN, _HARNESS),
        needs_clear_spread=True,
    )
    return Result(measured, (line,))


WORK = Work("collection", "Collecting 10,000 tests with markers", measure)
