"""Reading journals: the parts of several processes, or of several runs, become one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from operator import attrgetter
from pathlib import Path

from harness.observe.event import Event, Kind
from harness.observe.journal import PARTS, Journal, lines_of, part_name


def events_of(lines: Iterable[str]) -> list[Event]:
    """Read lines of a journal; a last one that was cut short by a kill is passed over.

    Raises:
        ValueError: Another line is no event.
    """
    found: list[Event] = []
    broken: ValueError | None = None
    for line in lines:
        if broken is not None:
            raise broken
        if line.strip():
            try:
                found.append(Event.of_line(line))
            except ValueError as error:
                broken = error
    return found


def merged(journals: Iterable[Iterable[Event]]) -> list[Event]:
    """Return the events of several journals in time order.

    What several workers tell of a container that all share is told once; of who wanted it, the
    one who knows is believed.
    """
    found: list[Event] = []
    places: dict[object, int] = {}
    for event in sorted(chain.from_iterable(journals), key=attrgetter("at")):
        if event.kind == Kind.CONTAINER:
            key = event.data.get("container"), event.data.get("action"), round(event.at, 6)
            place = places.setdefault(key, len(found))
            if place < len(found):
                if not found[place].data.get("asked"):
                    found[place] = event
                continue
        found.append(event)
    return found


def run_events(journal: Journal, folder: Path) -> list[Event]:
    """Return the events of a run, as far as they are told.

    Args:
        journal: This process's own journal.
        folder: Where the other processes of the run write theirs.
    """
    own = part_name(journal.worker)
    parts = [part for part in sorted(folder.glob(PARTS)) if part.name != own]
    mine = journal.kept() if journal.keeps_all else events_of(journal.written())
    return merged([mine, *map(read, parts)])


def read(path: Path) -> list[Event]:
    """Read a journal.

    Raises:
        OSError: It cannot be read.
        ValueError: It is none.
    """
    return events_of(lines_of(path.read_bytes()))
