"""What the harness can put back, whatever the technology."""

from __future__ import annotations

from typing import Protocol

from harness.engine.protocol import Engine
from harness.services.detect import server_of


class Technology(Protocol):
    """The state of one running server, remembered at levels that stand on each other.

    Level 0 may be what a session's fixtures loaded, level 1 what a module's loaded on top.
    Every method may raise ``ResetError``. A server whose ``restore`` failed may be closed to its
    clients, and is of no further use.
    """

    @property
    def name(self) -> str:
        """What runs there, e.g. ``postgres``."""

    def save(self, level: int) -> frozenset[str]:
        """Remember the state as it is now as that of a level.

        What was remembered at this level and above is replaced. Returns the addresses, inside
        the container's networks, of clients whose connections were cut.
        """

    def restore(self, level: int) -> frozenset[str]:
        """Put the state of a level back; returns the addresses of clients that were cut."""

    def forget(self, level: int) -> None:
        """Drop what was remembered at this level and above."""

    def close(self) -> None:
        """Close the connections; what was remembered cannot be put back any more."""


def technology_of(engine: Engine, container: str) -> Technology | None:
    """Return what puts a running container's state back, or None where nothing of ours can.

    The process that runs decides, never the image's name. Nothing is connected yet.
    """
    server = server_of(engine.top(container))
    if server == "postgres":
        from harness.services.postgres import Postgres

        return Postgres(engine, container)
    if server == "redis":
        from harness.services.redis import Redis

        return Redis(engine, container)
    if server == "mosquitto":
        from harness.services.mosquitto import Mosquitto

        return Mosquitto(engine, container)
    return None
