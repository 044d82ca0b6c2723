"""The start order of a stack, as a graph of steps."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from harness.model.project import Condition, Service


class Step(Enum):
    """The two steps of a service: its containers are started, then they are ready."""

    START = "start"
    READY = "ready"


class Task(NamedTuple):
    """One step of one service."""

    step: Step
    service: str


def start_graph(services: Sequence[Service]) -> dict[Task, set[Task]]:
    """Return, for each task, the tasks that must be done before it.

    A dependency that is only to be started frees its dependent as soon as it runs; one that is
    to be healthy, or to complete, when it is ready. A dependency outside ``services`` (not
    required and not in the project) holds nothing up.
    """
    names = {service.name for service in services}
    graph: dict[Task, set[Task]] = {}
    for service in services:
        before = {
            Task(
                Step.START if dependency.condition is Condition.STARTED else Step.READY,
                dependency.service,
            )
            for dependency in service.dependencies
            if dependency.service in names
        }
        graph[Task(Step.START, service.name)] = before
        graph[Task(Step.READY, service.name)] = {Task(Step.START, service.name)}
    return graph


def holding_on(services: Sequence[Service], name: str) -> frozenset[str]:
    """Return a service and those whose containers are made for its container, and go with it.

    They share its network, its memory or its processes (``network_mode: service:x``), or mount
    its volumes, and so were created with its container's id.
    """
    found = {name}
    while more := {s.name for s in services if s.name not in found and found & set(s.attached)}:
        found |= more
    return frozenset(found)


def optional_for_all(services: Sequence[Service], named: frozenset[str]) -> frozenset[str]:
    """Return the services whose failure fails nobody.

    These are neither named by the test nor required by any other service of the stack
    (``depends_on: {x: {required: false}}``).
    """
    required = {d.service for s in services for d in s.dependencies if d.required}
    return frozenset(s.name for s in services) - required - named
