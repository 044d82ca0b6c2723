"""The lines of all tests' logs, each kept once though several tests have seen it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness.observe.report.model import Line


class Lines:
    """Takes tests' logs, and says where in the whole each of them is."""

    def __init__(self) -> None:
        self.all: list[Line] = []
        self._places: dict[tuple[int, int, Line], int] = {}

    def keep(self, run: int, zero: float, lines: Iterable[Any]) -> tuple[tuple[int, int], ...]:
        """Keep the lines of a test; return where they are: ranges, each without its end.

        A line that is not as docs/journal.md has it is passed over.

        Args:
            run: The number of the test's run: what two runs wrote is not the same.
            zero: When it began, in seconds since the epoch.
            lines: The data of ``test.log``.
        """
        ranges: list[tuple[int, int]] = []
        seen: dict[tuple[int, Line], int] = {}
        for told in lines:
            line = _line(told, zero)
            if line is None:
                continue
            # the same line twice in one test is two lines
            key = run, seen.setdefault((run, line), 0), line
            seen[run, line] += 1
            place = self._places.setdefault(key, len(self.all))
            if place == len(self.all):
                self.all.append(line)
            if ranges and ranges[-1][1] == place:
                ranges[-1] = ranges[-1][0], place + 1
            else:
                ranges.append((place, place + 1))
        return tuple(ranges)


def _line(told: Any, zero: float) -> Line | None:
    try:
        at, service, text, mark = told
        return Line(float(at) - zero, str(service), str(text), str(mark))
    except (TypeError, ValueError):
        return None
