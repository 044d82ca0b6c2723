from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.model.project import parse_project
from harness.plan.stackfile import Choices, stack_document

LABELS = {"ours": "1"}


def document(*named: str, choices: dict[str, Any] | None = None, **project: Any) -> dict[str, Any]:
    parsed = parse_project(project)
    services = parsed.closure(named or ["app"])
    ports = {s.name: [20000 + n for n, _ in enumerate(s.ports)] for s in services}
    return stack_document(
        parsed, services, Choices(LABELS, "127.0.0.1", **{"ports": ports, **(choices or {})})
    )


def app(section: dict[str, Any], **more: Any) -> dict[str, Any]:
    result: dict[str, Any] = document(services={"app": section}, **more)["services"]["app"]
    return result


def test_it_holds_the_closure_and_nothing_else() -> None:
    made = document(
        services={
            "app": {"networks": {"a": None}, "secrets": [{"source": "s"}]},
            "other": {"networks": {"b": None}, "configs": [{"source": "c"}]},
        },
        networks={"a": {}, "b": {}},
        volumes={"v": {}},
        configs={"c": {}},
        secrets={"s": {"environment": "S"}},
    )
    assert [*made["services"]] == ["app"]
    assert [*made["networks"]] == ["a"]
    assert made["volumes"] == made["configs"] == {}
    assert made["secrets"] == {"s": {"environment": "S"}}


def test_a_dependency_outside_the_closure_is_not_mentioned() -> None:
    entry = {"condition": "service_started", "required": False}
    assert app({"depends_on": {"gone": entry}})["depends_on"] == {}


def test_every_container_network_and_volume_gets_the_labels() -> None:
    made = document(
        services={
            "app": {
                "labels": {"own": "x"},
                "networks": {"n": None},
                "volumes": [{"type": "volume", "source": "v"}],
            }
        },
        networks={"n": {"labels": {"own": "y"}}},
        volumes={"v": None},
    )
    assert made["services"]["app"]["labels"] == {"own": "x", "ours": "1"}
    assert made["networks"]["n"]["labels"] == {"own": "y", "ours": "1"}
    assert made["volumes"]["v"]["labels"] == LABELS


def test_ports_are_published_where_the_harness_chose() -> None:
    ports = [
        {"target": 80, "published": "8080", "host_ip": "0.0.0.0", "mode": "ingress"},
        {"target": 53, "protocol": "udp"},
    ]
    assert app({"ports": ports})["ports"] == [
        {"target": 80, "published": "20000", "host_ip": "127.0.0.1", "mode": "ingress"},
        {"target": 53, "published": "20001", "host_ip": "127.0.0.1", "protocol": "udp"},
    ]


def test_the_engine_picks_where_the_harness_chose_nothing() -> None:
    made = document(
        services={"app": {"ports": [{"target": 80, "published": "8080"}]}},
        choices={"ports": {"app": [None]}},
    )
    assert made["services"]["app"]["ports"] == [{"target": 80, "host_ip": "127.0.0.1"}]


@pytest.mark.parametrize("kind", ["networks", "volumes"])
def test_names_are_the_stacks_own_unless_fixed_or_external(kind: str) -> None:
    services = {
        "app": {
            "networks": dict.fromkeys(("own", "kept", "theirs")),
            "volumes": [{"type": "volume", "source": v} for v in ("own", "kept", "theirs")],
        }
    }
    external = {"name": "c", "external": True}
    section = {
        "own": {"name": "a"},
        "kept": {"name": "b", "x-harness": {"fixed": True}},
        "theirs": external,
    }
    made = document(services=services, **{kind: section})[kind]
    assert "name" not in made["own"]
    assert made["kept"]["name"] == "b"
    assert made["theirs"] == external


def test_a_container_name_becomes_an_alias_in_each_network() -> None:
    made = app(
        {"container_name": "the-app", "networks": {"a": None, "b": {"aliases": ["x"]}}},
        networks={"a": {}, "b": {}},
    )
    assert "container_name" not in made
    assert made["networks"] == {"a": {"aliases": ["the-app"]}, "b": {"aliases": ["x", "the-app"]}}


def test_fixed_keeps_port_and_name() -> None:
    section = {
        "container_name": "the-app",
        "ports": [{"target": 80, "published": "8080"}],
        "x-harness": {"fixed": True},
    }
    made = app(section)
    assert made["container_name"] == "the-app"
    assert made["ports"] == section["ports"]


def test_an_override_goes_to_its_service_and_is_no_reference() -> None:
    made = document(
        services={"app": {"environment": {"A": "1", "B": None}}, "db": {}},
        choices={"environment": {"app": {"A": "$HOME", "C": "3"}, "elsewhere": {"A": "x"}}},
    )
    assert made["services"]["app"]["environment"] == {"A": "$$HOME", "B": None, "C": "3"}


def test_a_variable_that_is_passed_on_gets_the_value_of_its_own_env_file() -> None:
    project = parse_project({"services": {"app": {"environment": {"A": None, "B": "own"}}}})
    project = replace(project, dotenv={"app": {"A": "$5", "B": "x", "SECRET": "y"}})
    made = stack_document(project, project.closure(["app"]), Choices(LABELS, "127.0.0.1"))
    assert made["services"]["app"]["environment"] == {"A": "$$5", "B": "own"}


def test_what_concerns_other_steps_is_left_out() -> None:
    made = app({"build": {"context": "."}, "develop": {}, "profiles": ["x"], "image": "i"})
    assert made == {"labels": LABELS, "image": "i"}


def test_a_chosen_image_takes_the_place_of_the_named_one() -> None:
    made = document(services={"app": {"image": "a"}}, choices={"images": {"app": "b"}})
    assert made["services"]["app"]["image"] == "b"


def test_the_project_is_not_changed_by_it() -> None:
    section = {"ports": [{"target": 80}], "networks": {"n": None}, "container_name": "x"}
    project = parse_project({"services": {"app": section}, "networks": {"n": {"name": "m"}}})
    choices = Choices(LABELS, "127.0.0.1", {"app": [1]}, environment={"app": {"A": "1"}})
    first = stack_document(project, project.closure(["app"]), choices)
    assert first == stack_document(project, project.closure(["app"]), choices)
    assert section == {"ports": [{"target": 80}], "networks": {"n": None}, "container_name": "x"}


def test_other_top_level_keys_are_kept_save_extensions() -> None:
    project = parse_project({"services": {"app": {}}, "models": {"m": {}}, "x-note": {}})
    made = stack_document(project, project.closure(["app"]), Choices(LABELS, "127.0.0.1"))
    assert made["models"] == {"m": {}}
    assert "x-note" not in made
