"""Journals from files: of one run, or of several that are told apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import ReportError
from harness.observe.event import Event, Kind
from harness.observe.reading import merged, read


def gather(paths: Sequence[Path]) -> list[Event]:
    """Read journals, and return their events: each run's together and in time order.

    Parts of one run become one; where there are several runs, each event tells which it is of.
    What is in several files (a journal, and a part of it) counts once.

    Raises:
        ReportError: A file cannot be read, or is no journal.
    """
    runs: defaultdict[str, dict[str, Event]] = defaultdict(dict)
    for path in paths:
        events = _read(path)
        begun = (str(e.data.get("run", "")) for e in events if e.kind == Kind.RUN_BEGIN)
        own = next(filter(None, begun), str(path))
        for event in events:
            runs[event.run or own].setdefault(event.line(), event)
    several = len(runs) > 1
    return [
        event._replace(run=run if several else "")
        for run, events in sorted(runs.items(), key=lambda run: _began(run[1].values()))
        for event in merged([[*events.values()]])
    ]


def _began(events: Iterable[Event]) -> float:
    return min(event.began for event in events)


def _read(path: Path) -> list[Event]:
    """Read a file.

    Raises:
        ReportError: It cannot be read, or is no journal.
    """
    wanted = "Wanted: a journal.jsonl that --harness-report has written"
    try:
        events = read(path)
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}. {wanted}.") from None
    except ValueError as error:
        raise ReportError(f"{path}: {error}. {wanted}.") from None
    if not events:
        raise ReportError(f"{path}: no journal: it holds no event. {wanted}.")
    return events
