"""Times to ready, watched over runs: what is over its budget, and what earlier runs took."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.model.budget import Budget, budget
from harness.observe.event import Event, Kind
from harness.observe.folder import NAME, harness_folder
from harness.observe.history import History, Ran, likeness, usual
from harness.observe.ready_times import medians, ready_times
from harness.observe.regress import Overrun, overruns


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of a look at a run's times to ready.

    Attributes:
        over: The lines for services that are over their budgets: the run has failed.
        noted: What a user may want to know besides.
    """

    over: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()


def watch_ready(
    events: Sequence[Event], root: Path, path: Path | None, of_all: Budget | None
) -> Watched:
    """Hold a run's times to ready against budgets and earlier runs, and enter it.

    What is over its budget is entered as such, and never counts as usual.

    Args:
        events: The events of all processes of the run, in time order.
        root: The project's root directory.
        path: The file of earlier runs; None for none.
        of_all: The budget of services that have none of their own.
    """
    times = ready_times(events)
    if not times:
        return Watched()
    services = _services(events)
    like = likeness(_engine(events), len({e.worker for e in events if e.worker}))
    earlier, noted = _earlier(path)
    found = overruns(times, usual(earlier, like), _budgets(services, of_all), _places(services))
    over = tuple(overrun.service for overrun in found)
    noted += _enter(path, root, Ran(time.time(), like, medians(times), over), told=bool(found))
    return Watched(tuple(map(Overrun.told, found)), tuple(noted))


def _earlier(path: Path | None) -> tuple[list[Ran], list[str]]:
    if path is None:
        return [], []
    try:
        return History(path).read(), []
    except (OSError, ValueError) as error:
        return [], [
            f"harness: the history of times to ready in {path} cannot be used, and begins anew: "
            f"{error}"
        ]


def _enter(path: Path | None, root: Path, ran: Ran, *, told: bool) -> list[str]:
    """Enter a run; return what to tell. A history that nobody asked for is done without."""
    if path is None:
        return []
    try:
        if path.parent == root / NAME:
            harness_folder(root)
        History(path).add(ran)
    except OSError as error:
        if told or path.parent != root / NAME:
            return [f"harness: the history in {path} cannot be written: {error}"]
    return []


def _services(events: Sequence[Event]) -> Mapping[str, Mapping[str, Any]]:
    told = (e.data.get("services", {}) for e in events if e.kind == Kind.PROJECT)
    return next(told, {})


def _engine(events: Sequence[Event]) -> str:
    told = (str(e.data.get("engine", "")) for e in events if e.kind == Kind.RUN_BEGIN)
    return next(told, "")


def _budgets(services: Mapping[str, Mapping[str, Any]], of_all: Budget | None) -> dict[str, Budget]:
    """Return the budget of each service that has one: its own, else that of all."""
    own = {name: budget(s["budget"]) for name, s in services.items() if s.get("budget")}
    return {**(dict.fromkeys(services, of_all) if of_all else {}), **own}


def _places(services: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {name: str(service.get("place") or "") for name, service in services.items()}
