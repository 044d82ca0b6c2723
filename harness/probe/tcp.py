"""A published TCP port answers: it accepts a connection and holds it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.probe.base import Sighting

CONNECT_SECONDS = 2.0
# Docker's port proxy accepts for a dead service too, and closes within a millisecond (measured on
# Engine 20.10); a live service holds the connection. The rest is for a busy machine.
HOLD_SECONDS = 0.05
# A connection that is held for so long will be held for the rest, nearly always.
LIKELY_SECONDS = 0.005
_LATEST = 10.0


@dataclass(frozen=True, slots=True)
class TcpProbe:
    """Connects to a port, and sees whether the connection is held.

    ``hold`` is for how many seconds: 0 where no proxy accepts in the service's place.
    """

    host: str
    port: int
    container_port: str
    hold: float = HOLD_SECONDS

    @property
    def name(self) -> str:
        """What is probed."""
        return f"port {self.container_port} on {self.host}:{self.port}"

    def look(self, likely: Callable[[], None] = lambda: None) -> Sighting:
        """Connect, and wait for the other side to close or to say something.

        Args:
            likely: Called as soon as the service seems to be there.
        """
        try:
            with socket.create_connection((self.host, self.port), timeout=CONNECT_SECONDS) as link:
                if not self.hold:
                    likely()
                    return Sighting(True, "connection accepted")
                began = time.monotonic()
                answered = _first_byte(link, LIKELY_SECONDS)
                if answered is None:
                    likely()
                    late = (time.monotonic() - began) / LIKELY_SECONDS
                    answered = _first_byte(link, _held_for(self.hold, late) - LIKELY_SECONDS)
        except TimeoutError:
            return Sighting(False, f"no answer to a connection within {CONNECT_SECONDS:.0f} s")
        except OSError as error:
            return Sighting(False, (error.strerror or str(error)).lower())
        if answered is None:
            return Sighting(True, "connection held")
        if answered:
            return Sighting(True, "the service spoke first")
        return Sighting(False, "connection accepted and closed at once: nothing listens inside")


def _held_for(hold: float, late: float) -> float:
    """Return how long to hold a connection, in seconds.

    Where this process gets its turn late, the proxy does too: then it takes longer to hang up.

    Args:
        hold: How long on an idle machine.
        late: How many times as long as it should the last wait took.
    """
    return hold * min(max(1.0, late), _LATEST)


def _first_byte(link: socket.socket, patience: float) -> bytes | None:
    """Return the first byte that comes, empty where the connection is closed; else None."""
    link.settimeout(patience)
    try:
        return link.recv(1)
    except TimeoutError:
        return None
