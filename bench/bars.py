"""What the harness is to keep within, and whether it does. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bench.stats import Series


class Verdict(StrEnum):
    """What came of a bar."""

    MET = "met"
    MISSED = "missed"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a value, what it is held against, and the verdict.

    Attributes:
        what: What was measured.
        bar: The bar in words.
        limit: The bar as a number, in the unit of ``held``.
        measured: What the harness took, in ``unit``; None if it could not be measured.
        unit: ``s``, ``ms``, ``MB`` or ``%``.
        held: What is compared with the limit: a ratio, or ``measured`` itself.
        why_not: Why nothing was measured.
        needs_clear_spread: A limit inside the middle half of ``held`` counts as not measured.
    """

    what: str
    bar: str
    limit: float
    measured: Series | None = None
    unit: str = "s"
    held: Series | None = None
    why_not: str = ""
    needs_clear_spread: bool = False

    @property
    def verdict(self) -> Verdict:
        """Whether the median keeps within the bar."""
        held = self.held or self.measured
        if held is None or self.why_not:
            return Verdict.NOT_MEASURED
        low, high = held.quartiles
        if self.needs_clear_spread and low <= self.limit <= high:
            return Verdict.NOT_MEASURED
        return Verdict.MET if held.median <= self.limit else Verdict.MISSED


def against(
    what: str,
    bar: str,
    limit: float,
    measured: Series | None,
    reference: Series | None,
    why_not: str = "",
) -> Line:
    """Hold a series against another: its ratio, round by round, may not be above the limit."""
    if measured is None or reference is None:
        return Line(what, bar, limit, measured, why_not=why_not or "nothing to compare with")
    return Line(what, bar, limit, measured, held=measured.over(reference))
