"""Where a service listens."""

from __future__ import annotations

import pytest

from harness import NetworkInfo
from harness.errors import DockerConfigurationError
from harness.lease.ports import PortClaims, port_range

from .lab import Lab, answer


def container_ports(infos: list[NetworkInfo]) -> list[str]:
    return [info.container_port for info in infos]


def test_the_ports_come_in_the_order_of_the_compose_file(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        x-harness: {ready: {timeout: 5s}}
        ports:
          - "9999/udp"
          - "53/udp"
          - {target: 700, protocol: udp, name: metrics}
          - "100-102/udp"
          - "127.0.0.1:7777:20/udp"
          - "6000-6001:30/udp"
    """)
    app = lab.container("app")
    infos = app.network_info
    declared = ["9999", "53", "700", "100", "101", "102", "20", "30"]
    assert container_ports(infos) == [f"{port}/udp" for port in declared]
    assert all(type(info.host_port) is int for info in infos)
    assert len({info.host_port for info in infos}) == len(infos)
    assert app.port("53/udp") == infos[1].host_port


def test_a_container_port_that_is_published_twice_has_two_entries(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *echo, ports: ['8080', '9001:8080', '9002:8080']}}")
    app = lab.container("app")
    infos = app.network_info
    assert container_ports(infos) == ["8080/tcp"] * 3
    assert len(set(infos)) == 3
    assert [answer(info.host_port, host=info.hostname) for info in infos] == ["hello"] * 3
    assert app.port(8080) == infos[0].host_port


def test_fixed_ports_of_one_container_port_keep_the_compose_files_order(lab: Lab) -> None:
    claims = PortClaims()
    high, low = sorted((claims.claim(), claims.claim()), reverse=True)
    published = f"['{high}:8080', '{low}:8080']"
    lab.compose(f"services: {{app: {{<<: *echo, ports: {published}, x-harness: {{fixed: true}}}}}}")
    assert [info.host_port for info in lab.container("app").network_info] == [high, low]


def test_one_number_may_be_published_for_tcp_and_udp(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *echo, ports: ['8080/udp', '8080']}}")
    app = lab.container("app")
    udp, tcp = app.network_info
    assert (udp.container_port, tcp.container_port) == ("8080/udp", "8080/tcp")
    assert app.port(8080) == app.port("8080") == app.port("8080/tcp") == tcp.host_port
    assert app.port("8080/udp") == udp.host_port


def test_ports_are_chosen_below_the_ephemeral_range_on_loopback_alone(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *echo, ports: ['8080', '0.0.0.0:9001:8080']}}")
    app = lab.container("app")
    for info in app.network_info:
        assert info.hostname == "127.0.0.1"
        assert info.host_port in port_range()
        assert info.host_port != 9001
    bindings = lab.client.inspect_container(app.id)["NetworkSettings"]["Ports"]["8080/tcp"]
    assert {b["HostIp"] for b in bindings} == {"127.0.0.1"}


@pytest.mark.parametrize("declared", ["8080", "127.0.0.1::8080"])
def test_a_fixed_service_has_no_duplicates_for_ipv4_and_ipv6(lab: Lab, declared: str) -> None:
    lab.compose(f"""
    services:
      app: {{<<: *echo, ports: ["{declared}"], x-harness: {{fixed: true}}}}
    """)
    (info,) = lab.container("app").network_info
    assert info.hostname == "127.0.0.1"
    assert answer(info.host_port) == "hello"


def test_the_port_of_a_service_that_publishes_another_is_an_error(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *echo}, mute: {<<: *sleeper}}")
    lease = lab.up("app", "mute")
    (app,), (mute,) = lease.containers("app"), lease.containers("mute")
    with pytest.raises(DockerConfigurationError, match=r"wanted port 80/tcp .* 8080/tcp\."):
        app.port(80)
    with pytest.raises(DockerConfigurationError, match=r"publishes no port at all\."):
        mute.port("53/udp")
    assert mute.network_info == []
