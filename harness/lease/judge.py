"""Whether somebody still wants a thing, judged by its labels alone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.lease.labels import BOOT, ORIGIN, RUN, expiry_of, owner_of
from harness.lease.process import ProcessId


@dataclass(frozen=True, slots=True)
class Here:
    """Who judges.

    Attributes:
        origin: The origin of this process.
        boot: Which start of the machine it runs in.
        now: The time, in seconds since 1970.
        is_alive: Tells whether a process of this origin lives.
        kept_until: Tells until when the kept stacks of a run's name are kept, if that is known;
            infinite while a run uses them.
    """

    origin: str
    boot: str
    now: float
    is_alive: Callable[[ProcessId], bool]
    kept_until: Callable[[str], float | None]


def is_abandoned(labels: Mapping[str, str], here: Here) -> bool:
    """Return whether nobody wants what has these labels any more.

    What is of one's own origin is judged by its owner: a pid, when that process started, and the
    boot id. The rest, and what outlives its run, stays until it expires.
    """
    if RUN not in labels:
        return False
    if labels.get(ORIGIN) == here.origin:
        if owner := owner_of(labels):
            return labels.get(BOOT) != here.boot or not here.is_alive(owner)
        until = here.kept_until(labels[RUN])
        if until is not None:
            return here.now > until
    expires = expiry_of(labels)
    return expires is not None and here.now > expires
