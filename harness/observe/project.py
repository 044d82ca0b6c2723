"""The resolved project, as a journal tells it."""

from __future__ import annotations

from typing import Any

from harness.model.project import Project


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
        }
        for name, service in project.services.items()
    }
