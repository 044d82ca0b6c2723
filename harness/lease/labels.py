"""The labels that everything made by the harness carries. Removal goes by them, never by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from harness.lease.process import ProcessId

PREFIX = "pytest-compose-harness"
RUN = f"{PREFIX}.run"
STACK = f"{PREFIX}.stack"
WORKER = f"{PREFIX}.worker"
ORIGIN = f"{PREFIX}.origin"
OWNER = f"{PREFIX}.owner"
STARTED = f"{PREFIX}.owner-started"
BOOT = f"{PREFIX}.boot"
MADE = f"{PREFIX}.made"
EXPIRES = f"{PREFIX}.expires"


class Ownership(NamedTuple):
    """Who made something, for how long it is wanted, and how to tell that nobody wants it.

    Attributes:
        origin: Who can judge whether the owner lives.
        boot: Which start of the machine the owner runs in.
        owner: The process without which nobody uses it; None if it outlives its run.
        worker: The worker of xdist that made it, if it is its own.
        made: When its stack was begun, in seconds since 1970.
        expires: From when on it may go though its owner cannot be asked.
    """

    origin: str
    boot: str
    owner: ProcessId | None
    worker: str
    made: float
    expires: float

    def labels(self) -> dict[str, str]:
        """Return it as labels."""
        return {
            ORIGIN: self.origin,
            BOOT: self.boot,
            **(owner_labels(self.owner) if self.owner else {}),
            **({WORKER: self.worker} if self.worker else {}),
            MADE: _text(self.made),
            EXPIRES: _text(self.expires),
        }


def stack_labels(run: str, stack: str) -> dict[str, str]:
    """Return the labels by which all that belongs to one stack of one run is found."""
    return {RUN: run, STACK: stack}


def owner_labels(owner: ProcessId) -> dict[str, str]:
    """Return the labels by which all that one process owns is found."""
    return {OWNER: str(owner.pid), STARTED: owner.started}


def identity(labels: Mapping[str, str]) -> dict[str, str]:
    """Return those labels that every process of a run gives to a stack alike."""
    return {key: labels[key] for key in (RUN, STACK)}


def owner_of(labels: Mapping[str, str]) -> ProcessId | None:
    """Return the owner that labels name."""
    pid = labels.get(OWNER, "")
    return ProcessId(int(pid), labels.get(STARTED, "")) if pid.isdigit() else None


def expiry_of(labels: Mapping[str, str]) -> float | None:
    """Return from when on something may go, in seconds since 1970; None if nothing says so."""
    try:
        return datetime.fromisoformat(labels[EXPIRES]).timestamp()
    except (KeyError, ValueError):
        return None


def _text(moment: float) -> str:
    """Return a moment as RFC 3339 has it, in UTC."""
    return datetime.fromtimestamp(int(moment), UTC).isoformat()
