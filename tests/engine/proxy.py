"""The engine's socket behind a TCP address: a remote engine that is on this machine."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def engine_at(address: str, upstream: str) -> Iterator[str]:
    """Have an engine answer on a TCP port of an address; yield what DOCKER_HOST is then.

    Args:
        address: An address of this machine.
        upstream: The path of the engine's socket.
    """
    with _Forwarder(address, upstream) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        try:
            yield f"tcp://{address}:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.hang_up()


class _Forwarder(socketserver.ThreadingTCPServer):
    def __init__(self, address: str, upstream: str) -> None:
        super().__init__((address, 0), _Handler)
        self._upstream = upstream
        self._links: set[socket.socket] = set()

    @contextmanager
    def engine(self, client: socket.socket) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(self._upstream)
            self._links |= {client, engine}
            yield engine
            self._links -= {client, engine}

    def hang_up(self) -> None:
        for link in [*self._links]:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)


class _Handler(socketserver.BaseRequestHandler):
    server: _Forwarder

    def handle(self) -> None:
        with self.server.engine(self.request) as engine:
            back = threading.Thread(target=_pass_on, args=(engine, self.request))
            back.start()
            _pass_on(self.request, engine)
            back.join()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what comes until there is no more: then the other side is told so."""
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
