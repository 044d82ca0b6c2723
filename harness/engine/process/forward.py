"""A forwarder: what comes to addresses of the engine's networks goes to where a service listens.

It runs as a process of its own, so that it lives as long as its service does, whichever worker
of xdist has started it. Each argument is ``FD=HOST:PORT``: an open listener, and where to connect.
Run as a script, with nothing but the standard library.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
from contextlib import suppress

_CHUNK = 65536
_CONNECT = 10.0  # seconds
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


def main(arguments: list[str]) -> None:
    """Forward until somebody ends this process."""
    serving = []
    for argument in arguments:
        descriptor, _, to = argument.partition("=")
        host, _, port = to.rpartition(":")
        listener = socket.socket(fileno=int(descriptor))
        target = (host.strip("[]"), int(port))
        serving.append(threading.Thread(target=_serve, args=(listener, target)))
        serving[-1].start()
    for thread in serving:
        thread.join()


def _serve(listener: socket.socket, target: tuple[str, int]) -> None:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=_forward, args=(client, target), daemon=True).start()


def _forward(client: socket.socket, target: tuple[str, int]) -> None:
    """Carry one connection; where nobody listens, the client sees it end at once."""
    with client:
        try:
            server = socket.create_connection(target, _CONNECT)
        except OSError:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            return
        with server:
            server.settimeout(None)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Carry what one side says to the other, and its end: each side may end by itself."""
    try:
        while data := source.recv(_CHUNK):
            sink.sendall(data)
    except OSError:  # a reset is passed on as one
        for one in (source, sink):
            with suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                one.shutdown(socket.SHUT_RDWR)
        return
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main(sys.argv[1:])
