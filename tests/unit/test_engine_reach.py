"""Where ports are published, and where they answer."""

from __future__ import annotations

import pytest

from harness.engine.client import host_of, resolved
from harness.engine.reach import (
    OwnContainer,
    Reach,
    Seat,
    is_not_its_own,
    reach_of,
    widened,
)
from harness.lease.subnets import RANGES, ranges_for

LOCAL = Reach(Seat.MACHINE, "127.0.0.1", "127.0.0.1")


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("unix:///var/run/docker.sock", ""),
        ("npipe:////./pipe/docker_engine", ""),
        ("tcp://127.0.0.1:2375", "127.0.0.1"),
        ("tcp://build.example:2376", "build.example"),
        ("https://[fd00::5]:2376", "fd00::5"),
        ("ssh://me@build.example", "build.example"),
    ],
)
def test_an_engines_address_names_a_host_or_a_socket(address: str, host: str) -> None:
    assert host_of(address) == host


def test_names_are_resolved_here() -> None:
    assert resolved("localhost")[0] == "127.0.0.1"
    assert resolved("fd00::5") == ["fd00::5"]
    assert resolved("no-such-host.invalid") == []


@pytest.mark.parametrize(
    ("named", "addresses"),
    [
        ("", []),
        ("localhost", ["127.0.0.1", "::1"]),
        ("127.0.0.2", ["127.0.0.2"]),
        ("::1", ["::1"]),
        ("0.0.0.0", ["0.0.0.0"]),
    ],
)
def test_an_engine_of_this_machine_publishes_on_its_loopback(
    named: str, addresses: list[str]
) -> None:
    assert reach_of(named, addresses, None) == LOCAL


def test_a_remote_engine_publishes_on_the_address_that_its_name_stands_for() -> None:
    reach = reach_of("build.example", ["192.0.2.7", "fd00::7"], None)
    assert reach == Reach(Seat.ELSEWHERE, "build.example", "192.0.2.7")


def test_an_engine_whose_name_stands_for_nothing_publishes_on_all_and_it_is_told() -> None:
    reach = reach_of("alias", [], None)
    assert (reach.host, reach.publish_ip) == ("alias", "0.0.0.0")
    assert "host name 'alias' resolves to no address here" in reach.doubt


@pytest.mark.parametrize(("named", "addresses"), [("", []), ("proxy", ["172.18.0.9"])])
def test_from_a_container_of_the_engine_ports_answer_at_its_gateway(
    named: str, addresses: list[str]
) -> None:
    inside = OwnContainer("ci", gateways=("172.18.0.1", "172.19.0.1"))
    reach = reach_of(named, addresses, inside)
    assert reach == Reach(Seat.CONTAINER, "172.18.0.1", "172.18.0.1")


def test_a_container_with_the_machines_network_reaches_what_the_machine_does() -> None:
    assert reach_of("proxy", ["192.0.2.7"], OwnContainer("ci", on_machine=True)) == LOCAL


def test_a_container_in_no_bridge_network_is_told_that_it_reaches_nothing() -> None:
    reach = reach_of("", [], OwnContainer("ci"))
    assert (reach.seat, reach.publish_ip) == (Seat.MACHINE, "127.0.0.1")
    assert "container 'ci', which is in no bridge network" in reach.doubt
    remote = reach_of("build.example", ["192.0.2.7"], OwnContainer("ci"))
    assert remote == Reach(Seat.ELSEWHERE, "build.example", "192.0.2.7")


def test_an_engine_that_refuses_an_address_publishes_on_all_and_it_is_told_once() -> None:
    reach = widened(Reach(Seat.ELSEWHERE, "build.example", "192.0.2.7"))
    assert (reach.host, reach.publish_ip) == ("build.example", "0.0.0.0")
    assert "cannot publish ports on 192.0.2.7, by which it is reached" in reach.doubt
    assert widened(reach) == reach


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        ("listen tcp4 192.0.2.7:20000: bind: cannot assign requested address", True),
        ("Ports are not available: 172.17.0.1:1: bind: can't assign requested address", True),
        ("bind: The requested address is not valid in its context.", True),
        ("listen tcp4 127.0.0.1:20000: bind: address already in use", False),
    ],
)
def test_a_refused_address_is_told_from_a_port_that_is_taken(refusal: str, expected: bool) -> None:
    assert is_not_its_own(refusal) is expected


def test_what_cannot_be_seen_of_routes_is_kept_clear_of() -> None:
    assert ranges_for(Seat.MACHINE) == RANGES
    assert [str(r) for r in ranges_for(Seat.CONTAINER)] == ["198.18.0.0/15"]
    assert ranges_for(Seat.ELSEWHERE) == ()
