"""Servers that the harness runs as processes, from the machine's own installation."""

from __future__ import annotations

from harness.services.local.base import Asked, Launch, Server
from harness.services.local.mosquitto import Mosquitto
from harness.services.local.postgres import Postgres
from harness.services.local.redis import Redis

__all__ = ["Asked", "Launch", "Server", "server"]

_SERVERS: dict[str, Server] = {s.name: s for s in (Mosquitto(), Postgres(), Redis())}


def server(name: str) -> Server:
    """Return the one of that name, which is one of ``TECHNOLOGIES``."""
    return _SERVERS[name]
