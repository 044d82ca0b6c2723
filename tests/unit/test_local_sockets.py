"""Who listens on a port is seen, whatever it is bound to."""

from __future__ import annotations

import os
import socket
import sys

import psutil  # noqa: F401 - it asks for the platform when it is imported
import pytest

from harness.local import sockets


@pytest.mark.parametrize("platform", ["linux", "another"])
@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1"])
def test_a_listener_is_seen(address: str, platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as made:
        if ":" in address:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((address, 0))
        made.listen()
        port = made.getsockname()[1]
        assert sockets.listens(os.getpid(), port)
        assert not sockets.listens(os.getppid(), port)
    assert not sockets.listens(os.getpid(), port)


def test_the_holder_of_a_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert f"(pid {os.getpid()})" in sockets.holder_of(port)
    assert sockets.holder_of(port) == ""


def test_a_connection_is_no_listener() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert not sockets.listens(os.getpid(), client.getsockname()[1])
