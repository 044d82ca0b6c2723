"""The resolved project, as a journal tells it."""

from __future__ import annotations

from typing import Any

from harness.errors import SettingError
from harness.model.project import Project, Service
from harness.plan.ready import Log, ready_of


def told_project(project: Project) -> dict[str, dict[str, Any]]:
    """Return what readers of a journal want to know of each service: no value of a variable."""
    return {
        name: {
            "place": service.place,
            "image": service.image,
            "builds": service.builds,
            "replicas": service.replicas,
            "ports": [str(port) for port in service.ports],
            "depends_on": {d.service: str(d.condition) for d in service.dependencies},
            "one_shot": name in project.one_shots,
            "ends_with": _ends_with(project, service),
            "budget": _budget(service),
        }
        for name, service in project.services.items()
    }


def _budget(service: Service) -> str | None:
    """Return how long a service may take to get ready, as it says itself."""
    try:
        chosen = ready_of(service).budget
    except SettingError:
        return None  # told when a test needs it
    return str(chosen) if chosen else None


def _ends_with(project: Project, service: Service) -> int | None:
    """Return the exit code with which a service may end by itself; None if it is to go on."""
    try:
        ready = ready_of(service)
    except SettingError:
        return None  # told when a test needs it
    if ready.exit_code is not None or service.name in project.one_shots:
        return ready.exit_code or 0
    asked = any(not isinstance(check, Log) for check in ready.checks)
    answers = asked or service.ports or "healthcheck" in service.config
    return None if answers else 0
