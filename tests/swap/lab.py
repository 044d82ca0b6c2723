"""A compose project of which some services run in containers, and some do not."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from textwrap import indent

from harness.container import Container
from harness.engine.mixed.engine import MixedEngine
from harness.lease.family import of
from harness.lease.marks import mark
from tests.engine.lab import Lab
from tests.process.lab import ECHO, TELL
from tests.process.programs import program

# Its address is asked for by name, as a client's resolver would; then all that is said is shown.
ASK = "exec 3<>/dev/tcp/{name}/{port} && {{ echo hello >&3; timeout 5 head -n1 <&3; }}"


class SwapLab(Lab):
    """Compose files in a folder; ``./echo`` and ``./tell`` are programs beside them."""

    def services(self, text: str, rest: str = "") -> None:
        """Write a compose file; its services stand in it."""
        self.compose(f"services:\n{indent(text, '  ')}\n{rest}")
        program(self.root / "compose", ECHO, "echo")
        program(self.root / "compose", TELL, "tell")

    def close(self) -> None:
        """End everything; nothing is left, forwarders neither."""
        super().close()
        for yard in self._yards:
            assert not of((), mark(yard.run.id))
            assert not yard.run.folder.exists()

    @property
    def mixed(self) -> MixedEngine:
        assert isinstance(self.yard.engine, MixedEngine)
        return self.yard.engine


def said(container: Container, name: str, port: int = 8080) -> str:
    """Return what a service answers to a container that calls it by a name."""
    done = container.exec(["bash", "-c", ASK.format(name=name, port=port)])
    return done.output.strip()


def told(container: Container, name: str, port: int = 8080) -> dict[str, str]:
    """Return the variables of a service that tells them to a container."""
    found: dict[str, str] = json.loads(said(container, name, port))
    return found


class _Web(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"hello from {self.path}".encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    """Have a server of the test's own serve; give its port."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        assert isinstance(server.server_address, tuple)
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def web() -> ThreadingHTTPServer:
    """Return a web server of this machine; it answers each GET."""
    return ThreadingHTTPServer(("127.0.0.1", 0), _Web)
