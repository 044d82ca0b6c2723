"""Mosquitto: the messages that it retains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from harness.engine.protocol import Engine, Snapshot
from harness.errors import ResetError
from harness.services.endpoint import connect
from harness.services.mqtt import BrokerError, LoginError, Mqtt

_USUAL = 1883


class Mosquitto:
    """The retained messages of a Mosquitto broker. Connections stay.

    What it holds back for clients that are away stays too: only a client of the same id could
    take it away.
    """

    name = "mosquitto"

    def __init__(self, engine: Engine, container: str) -> None:
        self._engine = engine
        self._container = container
        self._levels: dict[int, dict[bytes, bytes]] = {}

    def save(self, level: int) -> frozenset[str]:
        """Remember all retained messages."""
        with self._told("remember its retained messages"):
            retained = self._retained()
        self.forget(level)
        self._levels[level] = retained
        return frozenset()

    def restore(self, level: int) -> frozenset[str]:
        """Clear the retained messages that are new, publish again those that are not the same."""
        with self._told("put its retained messages back"):
            if level not in self._levels:
                raise BrokerError(f"nothing was remembered at level {level}")
            wanted = self._levels[level]
            if changed := difference(self._retained(), wanted):
                with self._broker() as broker:
                    broker.retain(changed)
        return frozenset()

    def forget(self, level: int) -> None:
        """Drop what was remembered at this level and above."""
        self._levels = {known: kept for known, kept in self._levels.items() if known < level}

    def close(self) -> None:
        """Nothing stays open."""

    def _retained(self) -> dict[bytes, bytes]:
        with self._broker() as broker:
            return broker.retained()

    @contextmanager
    def _broker(self) -> Iterator[Mqtt]:
        seen = self._engine.snapshot(self._container)
        with closing(Mqtt(connect(self._engine, seen, listening_port(seen)))) as broker:
            yield broker

    @contextmanager
    def _told(self, wanted: str) -> Iterator[None]:
        try:
            yield
        except (BrokerError, OSError) as error:
            seen = self._engine.snapshot(self._container)
            what = (
                "Name a command that does it with one"
                if isinstance(error, LoginError)
                else "Where this cannot be mended, name a command that does it"
            )
            raise ResetError(
                f"service {seen.service!r} (container {seen.name}, Mosquitto): wanted to "
                f"{wanted}, but: {error}. {what}: `x-harness: {{reset: [command]}}`."
            ) from None


def difference(
    found: Mapping[bytes, bytes], wanted: Mapping[bytes, bytes]
) -> list[tuple[bytes, bytes]]:
    """Return the messages to retain so that ``found`` becomes ``wanted``; empty ones clear."""
    cleared = [(topic, b"") for topic in found if topic not in wanted]
    changed = [(topic, text) for topic, text in wanted.items() if found.get(topic) != text]
    return cleared + changed


def listening_port(container: Snapshot) -> int:
    """Return the broker's port: the usual one, or the first that is published."""
    published = [
        int(binding.container_port.removesuffix("/tcp"))
        for binding in container.bindings
        if binding.container_port.endswith("/tcp")
    ]
    return published[0] if published and _USUAL not in published else _USUAL
