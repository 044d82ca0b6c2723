from __future__ import annotations

from typing import Any

from harness.model.project import Service, parse_service
from harness.plan.order import Step, Task, holding_on, optional_for_all, start_graph


def services(**sections: dict[str, Any]) -> list[Service]:
    return [parse_service(name, config) for name, config in sections.items()]


def after(condition: str, *names: str, required: bool = True) -> dict[str, Any]:
    entry = {"condition": f"service_{condition}", "required": required}
    return {"depends_on": dict.fromkeys(names, entry)}


def start(name: str) -> Task:
    return Task(Step.START, name)


def ready(name: str) -> Task:
    return Task(Step.READY, name)


def test_each_condition_names_the_step_that_is_waited_for() -> None:
    graph = start_graph(
        services(
            now=after("started", "db"),
            well=after("healthy", "db"),
            done=after("completed_successfully", "db"),
            db={},
        )
    )
    assert graph[start("now")] == {start("db")}
    assert graph[start("well")] == graph[start("done")] == {ready("db")}
    assert graph[start("db")] == set()
    assert graph[ready("now")] == {start("now")}
    assert len(graph) == 8


def test_a_dependency_that_is_not_in_the_stack_holds_nothing_up() -> None:
    assert start_graph(services(app=after("healthy", "elsewhere")))[start("app")] == set()


def test_only_what_nobody_named_or_requires_may_fail() -> None:
    stack = services(
        app=after("started", "extra", "both", required=False),
        strict=after("started", "both"),
        extra={},
        both={},
    )
    assert optional_for_all(stack, frozenset({"app", "strict"})) == {"extra"}
    assert optional_for_all(stack, frozenset({"app", "strict", "extra"})) == frozenset()


def test_what_shares_a_container_goes_with_it() -> None:
    stack = services(
        base={},
        net={"network_mode": "service:base"},
        volumes={"volumes_from": ["net:ro"]},
        ipc={"ipc": "service:volumes"},
        linked={"links": ["base"]},
        other={"network_mode": "host", "volumes_from": ["container:base"]},
    )
    assert holding_on(stack, "base") == {"base", "net", "volumes", "ipc"}
    assert holding_on(stack, "linked") == {"linked"}
