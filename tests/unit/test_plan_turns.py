from __future__ import annotations

from typing import Any

import pytest

from harness.model.project import parse_project
from harness.plan.turns import exclusive

FIXED = {"x-harness": {"fixed": True}}
PORTS = [
    {"target": 80, "published": "8080", "protocol": "tcp"},
    {"target": 53, "published": "5353", "protocol": "udp"},
    {"target": 99},
]
SUBNET = {"ipam": {"config": [{"subnet": "10.1.0.0/24"}, {"gateway": "10.1.0.1"}]}}


def wanted(service: dict[str, Any], **sections: Any) -> tuple[str, ...]:
    project = parse_project({"services": {"app": service}, **sections})
    return exclusive(project, project.closure(["app"]))


def test_a_stack_that_fixes_nothing_takes_no_turns() -> None:
    assert (
        wanted(
            {
                "container_name": "the-app",
                "ports": PORTS,
                "networks": {"net": None},
                "volumes": [{"type": "volume", "source": "data"}],
            },
            networks={"net": {"name": "the-net"}},
            volumes={"data": {"name": "the-data"}},
        )
        == ()
    )


def test_fixed_ports_and_names_are_held_alone() -> None:
    assert wanted({"container_name": "the-app", "ports": PORTS, **FIXED}) == (
        "container the-app",
        "port 5353/udp",
        "port 8080/tcp",
    )


@pytest.mark.parametrize(
    ("networks", "held"),
    [
        ({"net": {"name": "the-net", **FIXED}}, ("network the-net",)),
        ({"net": SUBNET}, ("fixed subnets",)),
        ({"net": {"external": True, "name": "x", **FIXED, **SUBNET}}, ()),
        ({"net": {}, "unused": {**FIXED, **SUBNET}}, ()),
    ],
)
def test_a_network_is_held_by_its_name_or_subnet(
    networks: dict[str, Any], held: tuple[str, ...]
) -> None:
    assert wanted({"networks": {"net": None}}, networks=networks) == held


def test_a_volume_is_held_by_its_name() -> None:
    mount = {"volumes": [{"type": "volume", "source": "data"}]}
    assert wanted(mount, volumes={"data": {"name": "the-data", **FIXED}}) == ("volume the-data",)
