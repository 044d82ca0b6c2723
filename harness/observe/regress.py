"""Whether services got ready as fast as they usually do. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.model.budget import Budget
from harness.observe.ready_times import Times

ENOUGH = 3
"""Earlier runs that a relative budget wants: of fewer nobody knows what is usual."""
FLOOR = 0.25
"""Seconds by which a service must be slower than usual for a relative budget, at least."""


@dataclass(frozen=True, slots=True)
class Overrun:
    """A service that took longer than it may.

    Attributes:
        service: Its name.
        place: Where a compose file defines it.
        took: Seconds to ready of each of its containers in this run.
        earlier: The medians of earlier runs, in seconds, the oldest first.
        budget: What it may take.
    """

    service: str
    place: str
    took: tuple[float, ...]
    earlier: tuple[float, ...]
    budget: Budget

    def told(self) -> str:
        """Return the line for the end of a run."""
        starts = f" (median of {len(self.took)} starts)" if len(self.took) > 1 else ""
        where = f" ({self.place})" if self.place else ""
        return (
            f"harness: {self.service} took {_shown(statistics.median(self.took))} to get ready"
            f"{starts}, over its budget of {self.budget}; {self._history()}. Find what slowed it "
            f"down, or allow it: x-harness: {{ready: {{budget: …}}}} in its service{where}"
        )

    def _history(self) -> str:
        if not self.earlier:
            return "no earlier run is known"
        spread = f"{min(self.earlier):.2f} to {_shown(max(self.earlier))}"
        runs = f"{len(self.earlier)} earlier run{'s'[: len(self.earlier) > 1]}"
        return f"usually {_shown(statistics.median(self.earlier))} ({spread} in {runs})"


def overruns(
    times: Times,
    earlier: Mapping[str, Sequence[float]],
    budgets: Mapping[str, Budget],
    places: Mapping[str, str],
) -> list[Overrun]:
    """Return the services that took longer than they may, the slowest first.

    Args:
        times: What each service took in this run.
        earlier: Its medians in earlier runs.
        budgets: What each may take; those without one may take what they like.
        places: Where a compose file defines each.
    """
    found = [
        Overrun(name, places.get(name, ""), took, tuple(earlier.get(name, ())), budgets[name])
        for name, took in times.items()
        if name in budgets
        and _is_over(statistics.median(took), tuple(earlier.get(name, ())), budgets[name])
    ]
    return sorted(found, key=lambda overrun: -statistics.median(overrun.took))


def _is_over(took: float, earlier: Sequence[float], budget: Budget) -> bool:
    if budget.seconds is not None:
        return took > budget.seconds
    if budget.factor is None or len(earlier) < ENOUGH:
        return False
    usual = statistics.median(earlier)
    return took > max(usual * budget.factor, usual + FLOOR)


def _shown(seconds: float) -> str:
    return f"{seconds:.2f} s"
