"""What a work is: one thing to measure, with its bars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.bars import Line
from bench.context import Bench
from bench.sample import Measured


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a work.

    Attributes:
        measured: What the contestants took.
        lines: The lines of the table.
        unit: The unit of ``measured``.
        plotted: Whether the contestants are shown in the plot.
        notes: What a reader should know besides.
    """

    measured: Measured
    lines: tuple[Line, ...]
    unit: str = "s"
    plotted: bool = False
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to measure.

    Attributes:
        name: What ``--only`` takes.
        title: What the documentation calls it.
        measure: Measures it.
    """

    name: str
    title: str
    measure: Callable[[Bench], Result]
