"""What sharing would have saved, told from the starts of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.plan.need import Environment

_WORTH_SAYING = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Start:
    """One test's start of services of its own.

    Attributes:
        services: Their names, dependencies first.
        environment: What the test gave them.
        waited: Seconds that the test waited for them.
    """

    services: tuple[str, ...]
    environment: Environment
    waited: float


def savings(starts: Iterable[Start]) -> str:
    """Return a line about the services that most time went into starting again, or ``""``.

    All starts but the longest of the same services would have been saved.
    """
    groups: dict[tuple[tuple[str, ...], Environment], list[float]] = {}
    for start in starts:
        groups.setdefault((start.services, start.environment), []).append(start.waited)
    saved = {key: sum(times) - max(times) for key, times in groups.items()}
    most = max(saved, key=lambda key: saved[key], default=None)
    if most is None or saved[most] < _WORTH_SAYING:
        return ""
    names, count = most[0], len(groups[most])
    which = f"service {names[0]}" if len(names) == 1 else f"{len(names)} services"
    listed = "" if len(names) == 1 else f" ({', '.join(names)})"
    total = (
        f", {sum(saved.values()):.0f} s in all" if len([s for s in saved.values() if s]) > 1 else ""
    )
    return (
        f"harness: {count} tests started the same {which}{listed}: harness_isolation = shared "
        f"would have saved about {saved[most]:.0f} s{total}"
    )
