"""Contestants in turn, round by round."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.stats import Series


class NotAvailableError(Exception):
    """A contestant, or an option of the harness, that is not there; the message says why."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One contestant in one round: until the body could run, and until all was gone, in seconds."""

    took: float
    removal: float = 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What the contestants took.

    Attributes:
        took: The values of each contestant.
        removal: The seconds of its removal.
        missing: Why a contestant has no values.
    """

    took: dict[str, Series] = field(default_factory=dict)
    removal: dict[str, Series] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def why(self, *names: str) -> str:
        """Return why one of these contestants is missing, or ``""``."""
        return "; ".join(f"{n}: {self.missing[n]}" for n in names if n in self.missing)


def alternate(
    contestants: Mapping[str, Callable[[], Sample]],
    rounds: int,
    clean: Callable[[], None],
    say: Callable[[str], None],
) -> Measured:
    """Let contestants run in turn, every other round in reverse.

    One that fails is out, with its reason, and what it left is cleaned away.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in contestants}
    missing: dict[str, str] = {}
    for number in range(rounds):
        names = list(contestants)[:: 1 if number % 2 == 0 else -1]
        for name in names:
            if name in missing:
                continue
            try:
                sample = contestants[name]()
            except NotAvailableError as error:
                missing[name] = str(error)
            except Exception as error:
                missing[name] = f"failed: {_last_line(error)}"
                clean()
            else:
                samples[name].append(sample)
                say(f"  {number + 1}/{rounds} {name}: {sample.took:.3f}")
            if name in missing:
                say(f"  {number + 1}/{rounds} {name}: {missing[name]}")
    there = {name: found for name, found in samples.items() if found and name not in missing}
    return Measured(
        {name: Series.of([s.took for s in found]) for name, found in there.items()},
        {name: Series.of([s.removal for s in found]) for name, found in there.items()},
        missing,
    )


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " / ".join(lines[-3:])[:400] or type(error).__name__
