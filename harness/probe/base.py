"""What every probe is."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Sighting(NamedTuple):
    """What a probe saw: whether the service is ready, and in words."""

    ready: bool
    saw: str


class Probe(Protocol):
    """One readiness check of one container."""

    @property
    def name(self) -> str:
        """What is probed, in words: part of the sentence "waited for …"."""

    def look(self) -> Sighting:
        """Look once. Must not raise for a service that is not ready yet."""
