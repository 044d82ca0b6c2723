"""The forwarder, by itself: what it carries, and what is told where it cannot listen."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.engine.process import forward
from harness.engine.process.front import listeners, refused
from harness.engine.process.store import Made, new_id
from harness.errors import SettingError
from tests.eventually import eventually


def made(address: str, port: int) -> Made:
    return Made(
        id=new_id(),
        name="stack-app-1-forwarder",
        stack="stack",
        service="app",
        number=1,
        labels={},
        place="compose/app.yml:2",
        command=(),
        use="",
        cwd="/",
        own={},
        environment={},
        published=(),
        ports=(),
        names=(),
        forwards=[(address, port, "127.0.0.1", 1)],
    )


@contextmanager
def forwarder(to: int) -> Iterator[int]:
    """Run a forwarder to a port of this machine; give where it listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        descriptor, port = listener.fileno(), int(listener.getsockname()[1])
        command = [sys.executable, "-IS", str(forward.__file__), f"{descriptor}=127.0.0.1:{to}"]
        with subprocess.Popen(command, pass_fds=[descriptor]) as process:
            try:
                yield port
            finally:
                process.kill()


def test_it_carries_both_ways_and_each_side_may_end_by_itself() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        forwarder(server.getsockname()[1]) as port,
        socket.create_connection(("127.0.0.1", port), timeout=30) as client,
    ):
        server.settimeout(30)
        service, _ = server.accept()
        with service:
            question = os.urandom(300_000)
            client.sendall(question)
            client.shutdown(socket.SHUT_WR)
            assert b"".join(iter(lambda: service.recv(65536), b"")) == question
            service.sendall(b"answer")
            service.shutdown(socket.SHUT_WR)
            assert client.recv(99) == b"answer"
            assert client.recv(99) == b""


def test_many_are_carried_at_once() -> None:
    with (
        socket.create_server(("127.0.0.1", 0), backlog=64) as server,
        forwarder(server.getsockname()[1]) as port,
    ):
        server.settimeout(30)
        clients = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(50)]
        services = [server.accept()[0] for _ in clients]
        for number, service in enumerate(services):
            service.sendall(b"%d" % number)
        assert sorted(int(client.recv(9)) for client in clients) == [*range(50)]
        for one in (*clients, *services):
            one.close()


def test_where_nobody_listens_a_connection_ends_and_the_next_may_succeed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        to = server.getsockname()[1]
    with forwarder(to) as port:
        client = socket.create_connection(("127.0.0.1", port), timeout=30)
        with client, pytest.raises(ConnectionResetError):
            client.recv(1)
        with socket.create_server(("127.0.0.1", to)) as server:

            def greeted() -> bool:
                with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
                    service, _ = server.accept()
                    with service:
                        service.sendall(b"x")
                        return client.recv(1) == b"x"

            assert eventually(greeted)


def test_an_address_that_is_not_this_machine_s_is_told() -> None:
    with pytest.raises(SettingError) as error, listeners(made("198.51.100.1", 8080)):
        pass

    assert str(error.value).startswith(
        "compose/app.yml:2: service 'app' is to be reached from containers at 198.51.100.1:8080, "
        "but that address is not this machine's (cannot assign requested address)"
    )
    assert "(Docker Desktop, rootless)" in str(error.value)


def test_a_port_of_the_system_is_told_with_how_to_allow_it() -> None:
    text = str(refused(made("10.219.0.1", 80), "10.219.0.1", 80, PermissionError(13, "denied")))

    assert f"but only root may listen on port 80 (user {os.getuid()} may from " in text
    assert "sysctl net.ipv4.ip_unprivileged_port_start=80" in text
