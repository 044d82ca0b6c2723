"""How long services took to get ready in earlier runs: a small file, one line a run."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

KEPT = 30
"""Runs of each kind that stay in the file."""
_PATIENCE = 10.0  # seconds for another run to write what it has to


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to.

    Attributes:
        at: When it ended, in seconds since the epoch.
        like: What runs must have in common to be compared.
        ready: The median time to ready of each service, in seconds.
        over: The services that took longer than they may: theirs is not what is usual.
    """

    at: float
    like: str
    ready: Mapping[str, float] = field(default_factory=dict)
    over: tuple[str, ...] = ()

    def line(self) -> str:
        """Return it as a line of the file."""
        told: dict[str, Any] = {
            "at": round(self.at, 1),
            "like": self.like,
            "ready": {name: round(took, 3) for name, took in self.ready.items()},
        }
        if self.over:
            told["over"] = [*self.over]
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def of_line(cls, line: str) -> Self:
        """Read a line of the file.

        Raises:
            ValueError: It is none.
        """
        try:
            told = json.loads(line)
            ready = {str(name): float(took) for name, took in told["ready"].items()}
            over = tuple(map(str, told.get("over", ())))
            return cls(float(told["at"]), str(told["like"]), ready, over)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no line of a history: {line[:80]!r} ({error})") from None


def likeness(engine: str, workers: int) -> str:
    """Return what runs must have in common to be compared: ``docker, x86_64, 2 CPUs, 0 workers``.

    Args:
        engine: What ran the services.
        workers: The workers of pytest-xdist, 0 without.
    """
    return f"{engine}, {platform.machine()}, {os.cpu_count()} CPUs, {workers} workers"


def usual(runs: Iterable[Ran], like: str) -> dict[str, list[float]]:
    """Return what services took in runs of a kind, in seconds, the oldest first."""
    found: dict[str, list[float]] = {}
    for run in runs:
        if run.like == like:
            for service, took in run.ready.items():
                if service not in run.over:
                    found.setdefault(service, []).append(took)
    return found


def with_run(runs: Collection[Ran], new: Ran) -> list[Ran]:
    """Return the runs to be kept: the newest of each kind."""
    left: dict[str, int] = {}
    kept: list[Ran] = []
    for run in sorted([*runs, new], key=lambda run: -run.at):
        left[run.like] = left.get(run.like, KEPT) - 1
        if left[run.like] >= 0:
            kept.append(run)
    return kept[::-1]


class History:
    """The file. Runs that end at the same time do not lose each other's lines."""

    def __init__(self, path: Path) -> None:
        """Take the path; neither file nor folder need be there."""
        self.path = path

    def read(self) -> list[Ran]:
        """Return the earlier runs.

        Raises:
            ValueError: The file is none.
            OSError: It cannot be read.
        """
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [Ran.of_line(line) for line in lines if line.strip()]

    def add(self, new: Ran) -> None:
        """Enter a run. A file that is none begins anew.

        Raises:
            OSError: It cannot be written.
        """
        from filelock import FileLock, Timeout

        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        try:
            with FileLock(f"{self.path}.lock", timeout=_PATIENCE):
                runs: list[Ran] = []
                with suppress(ValueError):
                    runs = self.read()
                draft.write_text(
                    "".join(f"{run.line()}\n" for run in with_run(runs, new)), encoding="utf-8"
                )
                draft.replace(self.path)  # who is killed on the way leaves what was there
        except Timeout as error:
            raise OSError(f"another run holds it: {error}") from None
        finally:
            draft.unlink(missing_ok=True)
