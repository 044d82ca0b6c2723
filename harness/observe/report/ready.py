"""Times to ready of a service, summed up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles

from harness.observe.report.model import Ready


def summary(times: Sequence[float]) -> Ready | None:
    """Return the median of times and where four of five lie; None of none."""
    if not times:
        return None
    tenths = quantiles(times, n=10, method="inclusive") if len(times) > 1 else [times[0]]
    return Ready(tuple(times), median(times), tenths[0], tenths[-1])
