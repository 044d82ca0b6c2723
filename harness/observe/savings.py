"""What sharing would have saved. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.observe.event import Event, Kind


@dataclass(frozen=True, slots=True)
class Saving:
    """Tests that started the same services of their own.

    Attributes:
        services: The services, dependencies first.
        tests: How many tests started them.
        seconds: What all of these starts took but the longest, for which each worker of xdist
            would have waited.
    """

    services: tuple[str, ...]
    tests: int
    seconds: float

    def told(self) -> str:
        """Return it in words."""
        names = self.services
        which = f"service {names[0]}" if len(names) == 1 else f"{len(names)} services"
        listed = "" if len(names) == 1 else f" ({', '.join(names)})"
        return (
            f"{self.tests} tests started the same {which}{listed}: harness_isolation = shared "
            f"would have saved about {self.seconds:.0f} s"
        )


def savings(events: Iterable[Event]) -> list[Saving]:
    """Return what sharing would have saved of the time that tests waited, most first.

    Services are the same if the test gave them the same variables. Of their starts one would have
    been left, the longest; each worker that used them would have waited for it.

    Args:
        events: Events of a run.
    """
    # a test that asks for more services waits again for the stack that it has
    stacks: dict[str, tuple[tuple[str, ...], str]] = {}
    waited: dict[str, float] = defaultdict(float)
    workers: dict[str, str] = {}
    for event in events:
        if event.kind == Kind.TEST_LEASE and not event.begins:
            told: Mapping[str, Mapping[str, Any]] = event.data.get("stacks") or {}
            for name, stack in told.items():
                if stack.get("life") == "test" and "took" in stack:
                    environment = str(stack.get("environment", ""))
                    stacks[name] = tuple(stack.get("services", ())), environment
                    waited[name] += float(stack["took"])
                    workers[name] = event.worker
    groups: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
    for name, same in stacks.items():
        groups[same].append(name)
    found = []
    for (services, _), names in groups.items():
        each = [waited[name] for name in names]
        saved = sum(each) - len({workers[name] for name in names}) * max(each)
        found.append(Saving(services, len(names), saved))
    return sorted((s for s in found if s.seconds > 0), key=lambda s: -s.seconds)
