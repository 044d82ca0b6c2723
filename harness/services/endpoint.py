"""Where a server in a container answers the tests' process."""

from __future__ import annotations

import socket

from harness.engine.protocol import Engine, Snapshot
from harness.engine.reach import Seat
from harness.errors import ResetError

_PATIENCE = 5.0  # seconds for a server that runs to accept, and later for each answer


def connect(engine: Engine, container: Snapshot, port: int) -> socket.socket:
    """Connect to a server by its published port, else at the container's own address.

    Args:
        engine: The engine that runs it.
        container: The container.
        port: The port on which the server listens inside.

    Raises:
        ResetError: Neither answers.
    """
    tried = _candidates(engine, container, port)
    failures = []
    for address in tried:
        try:
            link = socket.create_connection(address, timeout=_PATIENCE)
            # many small packets, each of which somebody waits for
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return link
        except OSError as error:
            failures.append(f"{address[0]}:{address[1]}: {error}")
    raise ResetError(
        f"service {container.service!r} (container {container.name}): wanted to reset it over its "
        f"port {port}, but cannot reach it ({'; '.join(failures) or 'it is not published'}). "
        f'Publish it (`ports: ["{port}"]`), or name a command: `x-harness: {{reset: [command]}}`.'
    )


def _candidates(engine: Engine, container: Snapshot, port: int) -> list[tuple[str, int]]:
    published = [b for b in container.bindings if b.container_port == f"{port}/tcp"]
    if published:
        return [(published[0].hostname(engine.reach.host), published[0].host_port)]
    # a route to the container's own networks exists at most on the engine's machine
    local = engine.reach.seat is Seat.MACHINE
    return [(address, port) for address in container.addresses] if local else []
