"""A port answers, and it is the process itself that does."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from harness.errors import PortTakenError
from harness.lease.process import ProcessId
from harness.local.sockets import holder_of, listens
from harness.probe.base import Sighting

LOOPBACK = "127.0.0.1"
_CONNECT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class ListenProbe:
    """Connects to a port of this machine, and sees who listens there.

    No proxy stands in between, as in front of containers: a connection need not be watched.

    Attributes:
        called: What messages call the service.
        port: The port, on 127.0.0.1.
        members: Gives the service's processes, the likeliest first.
    """

    called: object
    port: int
    members: Callable[[], Iterable[ProcessId]]

    @property
    def name(self) -> str:
        """What is probed."""
        return f"port {self.port} on {LOOPBACK}"

    def look(self) -> Sighting:
        """Connect once.

        Raises:
            PortTakenError: It is somebody else who answers.
        """
        try:
            socket.create_connection((LOOPBACK, self.port), _CONNECT_SECONDS).close()
        except TimeoutError:
            return Sighting(False, f"no answer to a connection within {_CONNECT_SECONDS:.0f} s")
        except OSError as error:
            return Sighting(False, (error.strerror or str(error)).lower())
        known = True
        for process in self.members():
            found = listens(process.pid, self.port)
            if found:
                return Sighting(True, "the service listens")
            known &= found is not None
        if not known:
            return Sighting(True, "it answers; who listens cannot be seen: another user's process")
        holder = holder_of(self.port)
        if holder:
            raise PortTakenError(taken(self.called, self.port, holder))
        return Sighting(False, "somebody answers, but none of the service's processes listens")


def taken(called: object, port: int, holder: str) -> str:
    """Return the message for a port that is somebody else's."""
    return (
        f"{called} wants port {port} on {LOOPBACK}, which is taken by {holder}. Stop that, or "
        f"set `port = 0`: a free one is taken then, and handed over as $PORT."
    )
