"""What a run came to: what sharing would have saved, and what was reset the slow way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from harness.plan.need import Environment

_WORTH_SAYING = 1.0  # seconds


class Start(NamedTuple):
    """One test's start of services of its own.

    Attributes:
        services: Their names, dependencies first.
        environment: What the test gave them.
        waited: Seconds that the test waited for them.
    """

    services: tuple[str, ...]
    environment: Environment
    waited: float


@dataclass(slots=True)
class Account:
    """What happened in one process of a run, or in several.

    Attributes:
        starts: The starts of services that were a test's own.
        replaced: The services that were reset by replacing their containers.
    """

    starts: list[Start] = field(default_factory=list)
    replaced: set[str] = field(default_factory=set)

    def add(self, other: Account) -> None:
        """Take in what happened in another process."""
        self.starts += other.starts
        self.replaced |= other.replaced

    def lines(self) -> Iterator[str]:
        """Yield the lines of the summary."""
        if line := savings(self.starts):
            yield line
        if self.replaced:
            yield (
                f"harness: reset by replacing the container: {', '.join(sorted(self.replaced))}. "
                f"Faster: `x-harness: {{reset: [command…]}}`, or `reset: none` without state"
            )

    def packed(self) -> dict[str, Any]:
        """Return this as what xdist can send."""
        return {"starts": [[*start] for start in self.starts], "replaced": [*self.replaced]}

    @classmethod
    def unpacked(cls, packed: Mapping[str, Any]) -> Account:
        """Return what another process has packed."""
        starts = [
            Start(tuple(names), _frozen(env), waited) for names, env, waited in packed["starts"]
        ]
        return cls(starts, set(packed["replaced"]))


def _frozen(environment: Iterable[tuple[str, Iterable[tuple[str, str]]]]) -> Environment:
    return tuple(
        (service, tuple((name, value) for name, value in variables))
        for service, variables in environment
    )


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
    names = most[0]
    which = f"service {names[0]}" if len(names) == 1 else f"{len(names)} services"
    listed = "" if len(names) == 1 else f" ({', '.join(names)})"
    others = sum(saved.values()) - saved[most]
    more = f", and {others:.0f} s with other tests" if others >= _WORTH_SAYING else ""
    return (
        f"harness: {len(groups[most])} tests started the same {which}{listed}: "
        f"harness_isolation = shared would have saved about {saved[most]:.0f} s{more}"
    )
