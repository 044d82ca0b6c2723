"""Networks of stacks are small, and many."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from harness.engine.docker import DockerEngine
from harness.engine.replay import network_request
from harness.lease.subnets import RANGES, SubnetClaims, used_by_host

from .lab import Lab, answer, labelled

ECHO = "services: {app: {<<: *echo}}"


def subnet_of(lab: Lab, network: str) -> IPv4Network:
    (pool,) = lab.client.inspect_network(network)["IPAM"]["Config"]
    return IPv4Network(pool["Subnet"])


def network_of(lab: Lab) -> str:
    (name,) = lab.yard.engine.made(lab.labels).networks
    return name


@pytest.fixture
def engine() -> Iterator[DockerEngine]:
    made = DockerEngine()
    yield made
    made.close()


@pytest.fixture
def chosen(engine: DockerEngine) -> IPv4Network:
    """A range of two small subnets that nobody uses."""
    claims = SubnetClaims(RANGES, lambda: [*used_by_host(), *engine.subnets()])
    found = IPv4Network(claims.claim("chosen", {"net": 29})["net"])
    claims.close()
    return found


def test_more_networks_than_the_engines_own_pools_hold_are_there_at_once(
    engine: DockerEngine, tmp_path: Path
) -> None:
    run = f"harness-{secrets.token_hex(4)}"
    labels = {"tests.engine.subnets": run}
    claims = SubnetClaims(RANGES, lambda: [*used_by_host(), *engine.subnets()])

    def make(number: int) -> None:
        stack = f"{run}-{number}"
        subnet = claims.claim(stack, {"net": 5 + 8})["net"]
        entry = {"ipam": {"config": [{"subnet": subnet}]}, "labels": labels}
        engine.make_network(network_request(stack, "net", entry, "1"))

    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(make, range(40)))
        networks = engine.made(labels).networks
        assert len(networks) == 40
    finally:
        engine.remove(labels)
        claims.close()
    assert labelled(f"tests.engine.subnets={run}") == []


def test_a_stack_gets_a_subnet_of_ours_and_gives_it_back(lab: Lab) -> None:
    lab.compose(ECHO)
    lease = lab.up("app")
    subnet = subnet_of(lab, network_of(lab))
    assert subnet.prefixlen == 28
    assert any(subnet.subnet_of(r) for r in RANGES)
    assert answer(lease.containers("app")[0].port(8080)) == "hello"
    assert lab.yard.subnets._locks._held
    lease.release()
    assert lab.fleet.removed() == []
    assert not lab.yard.subnets._locks._held


def test_the_range_can_be_chosen_and_what_is_used_up_is_left_to_the_engine(
    lab: Lab, chosen: IPv4Network
) -> None:
    lab.compose(ECHO)
    only = next(chosen.subnets(new_prefix=28))
    lab.settings["subnets"] = (only,)
    first = lab.up("app")
    one = network_of(lab)
    assert subnet_of(lab, one) == only
    second = lab.up("app", test="other")
    (other,) = lab.yard.engine.made(lab.labels).networks - {one}
    assert subnet_of(lab, other).prefixlen < 28
    first.release()
    second.release()


def test_the_engines_own_pools_can_be_chosen(lab: Lab) -> None:
    lab.compose(ECHO)
    lab.settings["subnets"] = ()
    lab.up("app")
    assert subnet_of(lab, network_of(lab)).prefixlen < 28


@pytest.mark.parametrize("more", ["", "pre_start: [{image: *image, command: ['true']}]"])
def test_another_subnet_is_taken_if_the_engine_refuses_one(
    lab: Lab, more: str, chosen: IPv4Network
) -> None:
    lab.compose(f"""
    services: {{app: {{<<: *sleeper, image: &image debian:bookworm-slim, {more}}}}}
    """)
    lab.settings["subnets"] = (chosen,)
    # the claims have read by now what is taken, and the one after this comes next
    first = IPv4Network(lab.yard.subnets.claim("look", {"net": 1})["net"])
    lab.yard.subnets.release("look")
    (second,) = {*chosen.subnets(new_prefix=28)} - {first}
    label = {"tests.engine.taken": lab.root.name}
    entry = {"ipam": {"config": [{"subnet": str(second)}]}, "labels": label}
    lab.yard.engine.make_network(network_request("taken", lab.root.name, entry, "1"))
    try:
        lab.up("app")
        assert subnet_of(lab, network_of(lab)) == first
    finally:
        lab.yard.engine.remove(label)


def test_a_subnet_that_the_compose_file_fixes_is_not_given_to_another_network(
    lab: Lab, chosen: IPv4Network
) -> None:
    fixed, free = chosen.subnets(new_prefix=28)
    lab.compose(f"""
    services: {{app: {{<<: *sleeper, networks: [own, fixed]}}}}
    networks:
      own: {{}}
      fixed: {{ipam: {{config: [{{subnet: {fixed}}}]}}}}
    """)
    lab.settings["subnets"] = (chosen,)
    lab.up("app")
    networks = {re.sub(".*_", "", n): n for n in lab.yard.engine.made(lab.labels).networks}
    assert subnet_of(lab, networks["own"]) == free
    assert subnet_of(lab, networks["fixed"]) == fixed
