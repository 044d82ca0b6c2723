from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest

from harness.model.project import parse_project
from harness.plan.stackfile import Choices, stack_document
from harness.plan.subnets import JOINING, fixed_subnets, room_wanted
from harness.plan.turns import exclusive

SERVICES = {
    "app": {"networks": {"a": None}},
    "db": {"networks": {"a": None, "b": None}, "deploy": {"replicas": 3}},
}


def test_a_network_has_room_for_all_that_the_project_could_put_there() -> None:
    project = parse_project({"services": SERVICES, "networks": {"a": {}, "b": {}, "c": {}}})
    assert room_wanted(project, project.closure(["app"])) == {"a": 4 + JOINING}
    assert room_wanted(project, project.closure(["db"])) == {"a": 4 + JOINING, "b": 3 + JOINING}


@pytest.mark.parametrize(
    "entry",
    [
        {"external": True},
        {"driver": "macvlan"},
        {"enable_ipv6": True},
        {"enable_ipv4": False},
        {"ipam": {"config": [{"subnet": "10.1.0.0/24"}]}},
        {"ipam": {"driver": "other"}},
        {"name": "theirs", "x-harness": {"fixed": True}},
    ],
)
def test_a_network_that_says_something_of_its_own_keeps_it(entry: dict[str, Any]) -> None:
    project = parse_project({"services": SERVICES, "networks": {"a": entry, "b": {"ipam": {}}}})
    assert [*room_wanted(project, project.closure(["db"]))] == ["b"]


def test_a_chosen_subnet_goes_into_the_document_and_makes_nobody_take_turns() -> None:
    project = parse_project({"services": SERVICES, "networks": {"a": {"driver": "bridge"}}})
    services = project.closure(["app"])
    choices = Choices({}, "127.0.0.1", subnets={"a": "10.1.2.0/28"})
    made = stack_document(project, services, choices)["networks"]["a"]
    assert made == {
        "driver": "bridge",
        "labels": {},
        "ipam": {"config": [{"subnet": "10.1.2.0/28"}]},
    }
    assert project.networks["a"] == {"driver": "bridge"}
    assert exclusive(project, services) == ()


def test_the_subnets_that_compose_files_fix_are_known() -> None:
    pools = [{"subnet": "10.1.0.0/24"}, {"subnet": "2001:db8::/64"}, {"gateway": "10.1.0.1"}]
    project = parse_project({"networks": {"a": {"ipam": {"config": pools}}, "b": {}}})
    assert fixed_subnets(project) == [IPv4Network("10.1.0.0/24")]
