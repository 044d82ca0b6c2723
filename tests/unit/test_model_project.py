from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from harness.errors import UnknownServiceError
from harness.model.project import (
    Condition,
    Dependency,
    Port,
    Project,
    parse_project,
    parse_service,
    unescaped,
)


def project(**services: dict[str, Any]) -> Project:
    return parse_project({"services": services})


def after(*names: str) -> dict[str, Any]:
    return {"depends_on": {name: {"condition": "service_started"} for name in names}}


def closure(of: Project, *names: str) -> list[str]:
    return [service.name for service in of.closure(names)]


def test_a_dependency_has_its_condition_and_may_be_optional() -> None:
    service = parse_service(
        "app",
        {
            "depends_on": {
                "db": {"condition": "service_healthy", "required": True},
                "job": {"condition": "service_completed_successfully"},
                "extra": {"condition": "service_started", "required": False},
            }
        },
    )
    assert service.dependencies == (
        Dependency("db", Condition.HEALTHY),
        Dependency("job", Condition.COMPLETED),
        Dependency("extra", Condition.STARTED, required=False),
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("links", ["db"]),
        ("links", ["db:database"]),
        ("volumes_from", ["db:ro", "container:other"]),
        ("network_mode", "service:db"),
        ("ipc", "service:db"),
        ("pid", "service:db"),
    ],
)
def test_compose_infers_dependencies(key: str, value: object) -> None:
    assert parse_service("app", {key: value}).dependencies == (Dependency("db"),)


@pytest.mark.parametrize(
    "config",
    [{"network_mode": "host"}, {"ipc": "shareable"}, {"volumes_from": ["container:db"]}, {}],
)
def test_other_values_of_these_keys_are_no_dependencies(config: dict[str, Any]) -> None:
    assert parse_service("app", config).dependencies == ()


def test_a_declared_dependency_wins_over_an_inferred_one() -> None:
    service = parse_service(
        "app", {"links": ["db"], "depends_on": {"db": {"condition": "service_healthy"}}}
    )
    assert service.dependencies == (Dependency("db", Condition.HEALTHY),)


def test_ports_keep_their_order_and_are_named_as_the_engine_names_them() -> None:
    service = parse_service(
        "app",
        {
            "ports": [
                {"target": 8080, "published": "80", "protocol": "tcp", "host_ip": "127.0.0.1"},
                {"target": 53, "protocol": "udp"},
            ]
        },
    )
    assert service.ports == (Port(8080, "tcp", "80", "127.0.0.1"), Port(53, "udp"))
    assert [str(port) for port in service.ports] == ["8080/tcp", "53/udp"]


@pytest.mark.parametrize(
    ("config", "replicas"),
    [({}, 1), ({"scale": 3}, 3), ({"scale": 0}, 0), ({"deploy": {"replicas": 2}}, 2),
     ({"deploy": {}}, 1)],
)  # fmt: skip
def test_the_number_of_containers_has_two_places(config: dict[str, Any], replicas: int) -> None:
    assert parse_service("app", config).replicas == replicas


def test_only_named_volumes_are_volumes_of_the_project() -> None:
    mounts = [
        {"type": "volume", "source": "data", "target": "/data"},
        {"type": "volume", "target": "/anonymous"},
        {"type": "bind", "source": "/src", "target": "/src"},
        {"type": "tmpfs", "target": "/tmp"},
    ]
    assert parse_service("app", {"volumes": mounts}).volumes == ("data",)


def test_a_closure_holds_what_is_reached_dependencies_first() -> None:
    of = project(web=after("api", "cache"), api=after("db"), db={}, cache=after("db"), other={})
    assert closure(of, "web") == ["db", "api", "cache", "web"]
    assert closure(of, "cache", "db") == ["db", "cache"]
    assert closure(of) == []


def test_a_closure_does_not_depend_on_the_order_of_what_is_named() -> None:
    of = project(a=after("c"), b=after("c"), c={})
    assert closure(of, "a", "b") == closure(of, "b", "a", "b") == ["c", "a", "b"]


def test_a_long_chain_is_no_matter() -> None:
    names = [f"s{n}" for n in range(3000)]
    of = project(**{a: after(b) for a, b in pairwise(names)}, s2999={})
    assert closure(of, "s0") == names[::-1]


def test_a_dependency_outside_the_project_is_passed_over() -> None:
    assert closure(project(app=after("gone")), "app") == ["app"]


def test_a_misspelt_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownServiceError, match=r"no service 'ordres' .* Did you mean 'orders'"):
        project(orders={}).closure(["ordres"])


def test_a_one_shot_is_what_somebody_waits_for_to_complete() -> None:
    job = {"depends_on": {"job": {"condition": "service_completed_successfully"}}}
    assert project(app=job, job={}, other=after("app")).one_shots == {"job"}


def test_what_is_no_section_of_a_project_is_kept() -> None:
    parsed = parse_project({"name": "x", "services": {"app": None}, "models": {"m": {}}})
    assert parsed.rest == {"models": {"m": {}}}
    assert parsed.services["app"].config == {}


def test_a_dollar_of_the_resolved_project_is_written_twice() -> None:
    assert unescaped("$$5 and $${X}") == "$5 and ${X}"
