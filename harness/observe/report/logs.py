"""The lines of all tests' logs, each kept once though several tests have seen it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from harness.observe.report.model import Line, Report, TestTold

_BAD = frozenset({"failed", "error", "unfinished"})


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
        places: list[int] = []
        seen: dict[tuple[int, Line], int] = {}
        for told in lines:
            line = _line(told, zero)
            if line is None:
                continue
            # the same line twice in one test is two lines; a mark is a test's own
            what = replace(line, mark="")
            key = run, seen.setdefault((run, what), 0), what
            seen[run, what] += 1
            place = self._places.setdefault(key, len(self.all))
            if place == len(self.all):
                self.all.append(line)
            elif line.mark:
                self.all[place] = line
            places.append(place)
        return _ranges(places)


def _line(told: Any, zero: float) -> Line | None:
    try:
        at, service, text, mark = told
        return Line(float(at) - zero, str(service), str(text), str(mark))
    except (TypeError, ValueError):
        return None


def limited(report: Report, characters: int) -> Report:
    """Return a report whose lines have no more characters: whole tests lose theirs.

    Those that somebody has to look at keep theirs the longest.

    Args:
        report: The report.
        characters: How many its lines may have.
    """
    places: dict[int, int] = {}  # of each line that stays: where it is now
    logs: dict[int, TestTold] = {}
    order = sorted(enumerate(report.tests), key=lambda test: test[1].outcome not in _BAD)
    for number, test in order:
        own = [place for begin, end in test.log for place in range(begin, end)]
        new = [place for place in own if place not in places]
        characters -= sum(len(report.lines[place].text) for place in new)
        if characters < 0:
            logs[number] = replace(test, log=(), cut=test.cut + len(own))
        else:
            for place in new:
                places[place] = len(places)
            logs[number] = replace(test, log=_ranges(places[place] for place in own))
    return replace(
        report,
        tests=tuple(logs[number] for number in range(len(report.tests))),
        lines=tuple(report.lines[place] for place in places),
    )


def _ranges(places: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return places as ranges, each without its end."""
    ranges: list[tuple[int, int]] = []
    for place in places:
        if ranges and ranges[-1][1] == place:
            ranges[-1] = ranges[-1][0], place + 1
        else:
            ranges.append((place, place + 1))
    return tuple(ranges)
