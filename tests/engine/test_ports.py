"""Host ports: the harness chooses them before a container wants them."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from harness.errors import PortTakenError, ServiceDiedError
from harness.lease.ports import PortClaims

from .lab import Lab, answer


class Snatched(PortClaims):
    """Claims after which somebody else listens on the port at once, as often as told."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times
        self.listeners: list[socket.socket] = []

    def claim(self, host_ip: str = "127.0.0.1") -> int:
        port = super().claim(host_ip)
        if len(self.listeners) < self.times:
            self.listeners.append(socket.create_server((host_ip, port)))
        return port

    def close(self) -> None:
        super().close()
        for listener in self.listeners:
            listener.close()


def snatch(lab: Lab, times: int) -> Snatched:
    claims = Snatched(times)
    lab.fleet._made = replace(lab.yard, claims=claims)
    return claims


def test_a_port_that_is_taken_before_its_use_is_replaced_by_another(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *echo, ports: ["8080", "8080/udp"], depends_on: [db]}
      db: {<<: *echo}
      beside: {<<: *sleeper, network_mode: "service:app"}
    """)
    claims = snatch(lab, 3)
    taken = {listener.getsockname()[1] for listener in claims.listeners}
    lease = lab.up("app", "beside")
    for container in (*lease.containers("app"), *lease.containers("db")):
        assert answer(container.port(8080)) == "hello"
        assert container.port(8080) not in taken
    assert lab.created() == {"app", "db", "beside"}
    (beside,) = lease.containers("beside")
    (app,) = lease.containers("app")
    hostname = app.exec(["hostname"]).output
    assert beside.exec(["hostname"]).output == hostname


def test_the_harness_gives_up_when_every_port_is_taken_before_its_use(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *echo}}")
    snatch(lab, 1000)
    with pytest.raises(PortTakenError, match=r"compose/app.yml:\d+: service 'app' wants host port"):
        lab.up("app")
    assert lab.left() == []


def test_ports_go_back_when_their_stack_is_gone_or_did_not_come_up(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *echo}, broken: {<<: *echo, command: ['false']}}")
    lease = lab.up("app")
    assert lab.yard.claims._locks._held == {lease.containers("app")[0].port(8080)}
    lease.release()
    lab.fleet.removed()
    assert lab.yard.claims._locks._held == set()
    with pytest.raises(ServiceDiedError):
        lab.up("broken")
    lab.fleet.removed()
    assert lab.yard.claims._locks._held == set()
