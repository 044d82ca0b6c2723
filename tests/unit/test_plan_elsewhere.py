"""What a stack uses of longer-lived ones."""

from __future__ import annotations

from harness.model.project import parse_project, parse_service
from harness.plan.elsewhere import Elsewhere, aliases, left_for_others, pointed_elsewhere


def volume(name: str) -> dict[str, str]:
    return {"type": "volume", "source": name, "target": f"/{name}"}


def test_others_can_use_containers_volumes_and_networks_that_only_one_can_have() -> None:
    project = parse_project(
        {
            "services": {
                "db": {
                    "volumes": [volume("data"), volume("fixed"), volume("theirs")],
                    "networks": {"plain": None, "subnet": None, "fixed": None},
                },
                "app": {"volumes": [volume("other")], "networks": {"fixed": None}},
            },
            "volumes": {
                "data": {},
                "other": {},
                "fixed": {"name": "pinned", "x-harness": {"fixed": True}},
                "theirs": {"external": True},
            },
            "networks": {
                "plain": {},
                "subnet": {"ipam": {"config": [{"subnet": "10.1.0.0/24"}]}},
                "fixed": {"name": "lan", "x-harness": {"fixed": True}},
            },
        }
    )
    assert left_for_others(project, "stack", {"db": "id"}) == Elsewhere(
        {"db": "id"},
        {"data": "stack_data", "fixed": "pinned"},
        {"subnet": "stack_subnet", "fixed": "lan"},
    )


def test_what_both_have_is_joined() -> None:
    joined = Elsewhere({"a": "1"}, {"v": "x"}).joined(Elsewhere({"b": "2"}, {}, {"n": "y"}))
    assert joined == Elsewhere({"a": "1", "b": "2"}, {"v": "x"}, {"n": "y"})


def test_services_of_other_stacks_are_named_by_their_containers() -> None:
    config = {
        "image": "app",
        "network_mode": "service:db",
        "ipc": "service:own",
        "pid": "host",
        "volumes_from": ["db:ro", "own", "container:x"],
        "links": ["db:database", "own"],
    }
    assert pointed_elsewhere(config, {"db": "id"}) == {
        "image": "app",
        "network_mode": "container:id",
        "ipc": "service:own",
        "pid": "host",
        "volumes_from": ["container:id:ro", "own", "container:x"],
        "links": ["own"],
    }
    assert pointed_elsewhere(config, {}) == config


def test_a_service_is_known_by_all_its_names() -> None:
    networks = {"a": {"aliases": ["store", "db"]}, "b": None}
    db = parse_service("db", {"networks": networks, "container_name": "the-db"})
    user = parse_service("app", {"links": ["db:database", "mail:post", "db"]})
    assert aliases(db, [user], "a") == ["db", "store", "the-db", "database"]
    assert aliases(db, [], "b") == ["db", "the-db"]
