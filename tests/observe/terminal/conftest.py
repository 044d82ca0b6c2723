"""A team whose services get ready when a test says so."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugin.team import BASE_IMAGE, Team


class Gated(Team):
    """A team with services that wait for a gate to open."""

    @property
    def gate(self) -> Path:
        """The file whose existence opens the gate."""
        (self.root / "gate").mkdir(exist_ok=True)
        return self.root / "gate" / "open"

    def waits(self, name: str, **keys: object) -> None:
        """Write a service whose health check says ``the gate is shut`` until it is open."""
        check = {"test": "test -e /gate/open || { echo the gate is shut; exit 1; }"}
        self.gate.unlink(missing_ok=True)
        volumes = [f"{self.gate.parent}:/gate"]
        self.service(name, healthcheck=check, volumes=volumes, **keys)

    def builds(self, name: str, port: int) -> None:
        """Write a service whose build waits, at its second step, for a line from a port."""
        ask = f"IO::Socket::INET->new('127.0.0.1:{port}')->getline"
        self.write(
            f"compose/{name}/Dockerfile",
            f"FROM {BASE_IMAGE}\nRUN : {self.root}; echo ::error::no command; "
            f'perl -MIO::Socket -e "print {ask}"\nCMD seq 20; exec sleep infinity\n',
        )
        build = f"{{context: ./{name}, network: host}}"
        self.write(f"compose/{name}.yml", f"services:\n  {name}:\n    build: {build}\n")


@pytest.fixture
def team(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Gated:
    """A team with an empty project."""
    return Gated(pytester, monkeypatch)


class Porter:
    """Answers on a port of 127.0.0.1, once it is told to.

    Attributes:
        port: The port.
        go_on: Set it to have whoever waits answered.
    """

    def __init__(self, server: socket.socket) -> None:
        self.port: int = server.getsockname()[1]
        self.go_on = threading.Event()
        self._server = server

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                self.go_on.wait(60)
                connection.sendall(b"go on\n")


@pytest.fixture
def porter() -> Iterator[Porter]:
    """What a build can be made to wait for."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = Porter(server)
        thread = threading.Thread(target=made.serve, daemon=True)
        thread.start()
        yield made
        made.go_on.set()
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def without_times(lines: list[str]) -> list[str]:
    """Return lines with ``N s`` for every duration."""
    return [re.sub(r"\d+\.\d+ ?s", "N s", line) for line in lines]
