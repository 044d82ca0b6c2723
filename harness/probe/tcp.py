"""A published TCP port answers: it accepts a connection and holds it."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from harness.probe.base import Sighting

CONNECT_SECONDS = 2.0
# Docker's port proxy accepts for a dead service too, and closes within a millisecond (measured on
# Engine 20.10); a live service holds the connection. The rest is for a busy machine.
HOLD_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class TcpProbe:
    """Connects to a port, and sees whether the connection is held."""

    host: str
    port: int
    container_port: str

    @property
    def name(self) -> str:
        """What is probed."""
        return f"port {self.container_port} on {self.host}:{self.port}"

    def look(self) -> Sighting:
        """Connect, and wait for the other side to close or to say something."""
        try:
            with socket.create_connection((self.host, self.port), timeout=CONNECT_SECONDS) as link:
                link.settimeout(HOLD_SECONDS)
                try:
                    answered = link.recv(1)
                except TimeoutError:
                    return Sighting(True, "connection held")
        except TimeoutError:
            return Sighting(False, f"no answer to a connection within {CONNECT_SECONDS:.0f} s")
        except OSError as error:
            return Sighting(False, (error.strerror or str(error)).lower())
        if answered:
            return Sighting(True, "the service spoke first")
        return Sighting(False, "connection accepted and closed at once: nothing listens inside")
