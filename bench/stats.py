"""Values that were measured, and what is said of them. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Series:
    """What one contestant took, round by round, in the work's unit."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Series:
        """Make a series of values in the order of the rounds."""
        return cls(tuple(values))

    @property
    def median(self) -> float:
        """The middle."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The smallest."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest."""
        return max(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """What the middle half lies between; of fewer than four values, all of them."""
        if len(self.values) < 4:
            return self.low, self.high
        first, _, third = statistics.quantiles(self.values, n=4, method="inclusive")
        return first, third

    def over(self, other: Series) -> Series:
        """Return the ratios to another series, round by round."""
        return Series.of([a / b for a, b in zip(self.values, other.values, strict=False)])

    def minus(self, other: Series) -> Series:
        """Return the differences to another series, round by round."""
        return Series.of([a - b for a, b in zip(self.values, other.values, strict=False)])

    def times(self, factor: float) -> Series:
        """Return the series scaled: seconds to milliseconds, five tests to fifty."""
        return Series.of([value * factor for value in self.values])
