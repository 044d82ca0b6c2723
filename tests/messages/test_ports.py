"""A host port that the compose file fixes, and that somebody else holds."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from harness.lease.ports import PortClaims

from .project import FOREVER, IMAGE, Project, engine


def fixed(port: int) -> str:
    return f"""
        app:
          image: {IMAGE}
          command: {FOREVER}
          ports: ["127.0.0.1:{port}:80"]
          x-harness: {{fixed: true}}
        """


@pytest.fixture
def listener() -> Iterator[int]:
    """A port of this machine that this very process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        yield port


@pytest.fixture
def container() -> Iterator[tuple[str, int]]:
    """A container of somebody else, and the host port that it holds."""
    claims = PortClaims()
    port = claims.claim()
    host = engine().create_host_config(port_bindings={80: ("127.0.0.1", port)})
    created = engine().create_container(
        IMAGE, ["sleep", "infinity"], ports=[80], host_config=host, labels=["tests.messages"]
    )["Id"]
    try:
        engine().start(created)
        yield engine().inspect_container(created)["Name"].lstrip("/"), port
    finally:
        engine().remove_container(created, force=True)
        claims.close()


def test_a_port_taken_by_a_process_names_the_process(project: Project, listener: int) -> None:
    project.services(fixed(listener))
    project.test_of("app")

    message = project.run().message

    assert f"compose/app.yml:2: service 'app' wants host port {listener}" in message
    assert f"taken by process {os.getpid()} (" in message
    assert "Stop what holds it, or remove `fixed`" in message


def test_a_port_taken_by_a_container_names_the_container(
    project: Project, container: tuple[str, int]
) -> None:
    name, port = container
    project.services(fixed(port))
    project.test_of("app")

    message = project.run().message

    assert f"compose/app.yml:2: service 'app' wants host port {port}" in message
    assert f"taken by container {name}" in message
    assert "Stop what holds it, or remove `fixed`" in message
