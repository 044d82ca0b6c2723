"""What is shown of a long log: what stands around the first anomaly, and its end. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.observe.lines import Line

# of what is shown, the share before the anomaly, and that behind it; the rest is the end
_BEFORE, _BEHIND = 0.2, 0.4


@dataclass(frozen=True, slots=True)
class Shown:
    """A line that is shown.

    Attributes:
        line: The line; of several equal ones, the first.
        times: How many equal ones stand here, one after another.
        anomaly: Whether it is the first that says that something went wrong.
        skipped: How many lines were left out before it.
    """

    line: Line
    times: int = 1
    anomaly: bool = False
    skipped: int = 0


def shortened(lines: Sequence[Line], anomaly: int | None, limit: int) -> list[Shown]:
    """Return what is to be shown of a log.

    Args:
        lines: The lines, in time order.
        anomaly: The place of the first that says that something went wrong.
        limit: How many lines may be shown.
    """
    folded = _folded(lines, anomaly)
    if len(folded) <= limit:
        return folded
    place = next((i for i, shown in enumerate(folded) if shown.anomaly), None)
    kept = _kept(len(folded), place, limit)
    found: list[Shown] = []
    skipped = 0
    for i, shown in enumerate(folded):
        if i in kept:
            found.append(Shown(shown.line, shown.times, shown.anomaly, skipped))
            skipped = 0
        else:
            skipped += shown.times
    return found


def _folded(lines: Sequence[Line], anomaly: int | None) -> list[Shown]:
    """Make one of equal lines that a service wrote one after another."""
    found: list[Shown] = []
    for i, line in enumerate(lines):
        last = found[-1] if found else None
        same = last and (last.line.service, last.line.text) == (line.service, line.text)
        if last and same and i != anomaly:
            found[-1] = Shown(last.line, last.times + 1, last.anomaly)
        else:
            found.append(Shown(line, anomaly=i == anomaly))
    return found


def _kept(count: int, anomaly: int | None, limit: int) -> frozenset[int]:
    if anomaly is None:
        return frozenset(range(count - limit, count))
    begin = max(0, anomaly - int(_BEFORE * limit))
    around = range(begin, min(count, anomaly + 1 + int(_BEHIND * limit)))
    end = range(max(around.stop, count - (limit - len(around))), count)
    spare = limit - len(around) - len(end)
    return frozenset([*range(max(0, begin - spare), begin), *around, *end])
