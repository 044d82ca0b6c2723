"""An engine that is reached over TCP: ports are published on its own address, if it has one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from harness.container import Container
from harness.engine.docker import DockerEngine
from harness.engine.reach import Seat

from ..eventually import eventually
from .inside import FORWARDING, made_inside, socket_of_engine
from .lab import Lab, answer, docker_client, docker_engine, gateway
from .proxy import engine_at


def bound(container: Container) -> set[str]:
    ports = docker_client().inspect_container(container.id)["NetworkSettings"]["Ports"]
    return {binding["HostIp"] for bindings in ports.values() for binding in bindings}


@pytest.fixture
def address() -> str:
    """An address of the engine's machine that is not its loopback."""
    return gateway("bridge")


@pytest.fixture
def remote(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Have DOCKER_HOST name an engine at that address."""
    with engine_at(address, socket_of_engine()) as where:
        monkeypatch.setenv("DOCKER_HOST", where)
        yield where


def test_ports_are_published_on_the_engines_own_address_alone(
    remote: str, lab: Lab, address: str
) -> None:
    lab.compose("services: {app: {<<: *echo, ports: ['8080', '127.0.0.1:9000:8080']}}")
    app = lab.container("app")
    assert bound(app) == {address}
    for info in app.network_info:
        assert info.hostname == address
        assert answer(info.host_port, host=address) == "hello"
        with pytest.raises(ConnectionRefusedError):
            answer(info.host_port)
    assert lab.yard.engine.reach.seat is Seat.ELSEWHERE
    assert lab.warned == []


def test_an_engine_behind_a_forwarded_local_port_is_local(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.compose("services: {app: {<<: *echo}}")
    with engine_at("127.0.0.1", socket_of_engine()) as where:
        for named in (where, where.replace("127.0.0.1", "localhost")):
            monkeypatch.setenv("DOCKER_HOST", named)
            engine = DockerEngine()
            assert (engine.reach.seat, engine.reach.host) == (Seat.MACHINE, "127.0.0.1")
            engine.close()
        assert bound(lab.container("app")) == {"127.0.0.1"}
        assert lab.stop() == []


def test_an_engine_that_does_not_have_the_address_publishes_on_all_and_it_is_told(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.compose("""
    services:
      app: {<<: *echo, x-harness: {ready: {exec: "true"}}, depends_on: [db]}
      db: {<<: *echo, x-harness: {ready: {exec: "true"}}}
      many: {<<: *echo, x-harness: {ready: {exec: "true"}}, scale: 2}
      beside: {<<: *sleeper, network_mode: "service:app"}
    """)
    docker_engine()
    with (
        made_inside(f"remote-{os.getpid()}") as inside,
        inside.started(FORWARDING, lab.root) as forwarder,
    ):
        said = eventually(lambda: docker_client().logs(forwarder).decode())
        monkeypatch.setenv("DOCKER_HOST", said.strip())
        lease = lab.up("app", "many", "beside")
        containers = [*lease.containers("app"), *lease.containers("db"), *lease.containers("many")]
        assert [bound(container) for container in containers] == [{"0.0.0.0"}] * 4
        for container in containers:
            (info,) = container.network_info
            assert f"tcp://{info.hostname}:" in said
            assert answer(info.host_port) == "hello"
        (warning,) = lab.warned
        assert f"the engine cannot publish ports on {info.hostname}" in warning
        assert "published on all of its addresses, 0.0.0.0" in warning
        lab.up("app", test="another")
        assert lab.warned == [warning]
        assert lab.stop() == []
