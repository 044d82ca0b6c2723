"""Closure, plan and order, for many services and tests: the pure functions themselves."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Sequence

from bench.bars import Line
from bench.context import Bench
from bench.sample import Measured, Sample
from bench.stats import Series
from bench.work import Result, Work
from harness.model.project import Project, Service, parse_project
from harness.plan.need import Need
from harness.plan.order import optional_for_all, start_graph
from harness.plan.stackfile import Choices, stack_document

_HALF, _WHOLE = (250, 5_000), (500, 10_000)


def measure(bench: Bench) -> Result:
    """Measure 500 services and 10,000 tests, and half of both."""
    order = _order()
    notes = () if order else ("harness.plan.order_tests is not there: ordering is not in it.",)
    measured = bench.alternate(
        {
            f"{services} services, {tests:,} tests": _planning(services, tests, order)
            for services, tests in (_HALF, _WHOLE)
        },
        3 if bench.quick else bench.some(7),
    )
    return Result(measured, _lines(measured), notes=notes)


def _lines(measured: Measured) -> tuple[Line, ...]:
    half, whole = (measured.took.get(f"{s} services, {t:,} tests") for s, t in (_HALF, _WHOLE))
    growth: Series | None = whole.over(half) if whole and half else None
    return (
        Line("closure, plan and order: 500 services, 10,000 tests", "under 0.5 s", 0.5, whole),
        Line(
            "the same against half of both",
            "linear: at most 2.5 times",
            2.5,
            whole,
            held=growth,
        ),
    )


def _order() -> Callable[[Sequence[Need]], object] | None:
    """Return the function that orders tests by their needs, once the harness has one."""
    try:
        module = importlib.import_module("harness.plan.order_tests")
    except ModuleNotFoundError:
        return None
    found: Callable[[Sequence[Need]], object] | None = getattr(module, "order_tests", None)
    return found


def _planning(
    services: int, tests: int, order: Callable[[Sequence[Need]], object] | None
) -> Callable[[], Sample]:
    document = _document(services)
    names = list(document["services"])  # type: ignore[call-overload]
    needs = [Need(frozenset({names[number * 7 % services]})) for number in range(tests)]

    def run() -> Sample:
        began = time.perf_counter()
        project = parse_project(document)
        if order:
            order(needs)
        planned = {need: _plan(project, need) for need in {*needs}}
        for need in needs:
            assert project.closure(need.services)[-1].name in planned[need]
        return Sample(time.perf_counter() - began)

    return run


def _plan(project: Project, need: Need) -> dict[str, object]:
    """Return what a stack is made from: one plan for all tests of one need."""
    closure = project.closure(need.services)
    start_graph(closure)
    optional_for_all(closure, need.services)
    services: dict[str, object] = stack_document(project, closure, _choices(closure))["services"]
    return services


def _choices(closure: Sequence[Service]) -> Choices:
    ports = {service.name: [20_000] for service in closure}
    return Choices(labels={"run": "1"}, host_ip="127.0.0.1", ports=ports)


def _document(services: int) -> dict[str, object]:
    """Return chains of five: a resolved compose file of so many services."""
    return {
        "services": {
            f"s{number}": {
                "image": "image",
                "environment": {f"VARIABLE_{n}": "value" for n in range(10)},
                "networks": {"default": None},
                "ports": [{"target": 8080, "protocol": "tcp", "mode": "ingress"}],
                "depends_on": (
                    {f"s{number - 1}": {"condition": "service_healthy", "required": True}}
                    if number % 5
                    else {}
                ),
            }
            for number in range(services)
        },
        "networks": {"default": {}},
    }


WORK = Work("growth", "Closure, plan and order", measure)
