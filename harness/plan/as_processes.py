"""A project whose services run as local processes: what only containers have is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.model.project import Project, Service

# What a process takes from its service's section. The rest is about the container: its image,
# its mounts, its limits, and commands that are to be run inside of it.
_KEPT = frozenset(
    {
        "container_name",
        "deploy",
        "depends_on",
        "env_file",
        "environment",
        "expose",
        "image",
        "labels",
        "links",
        "networks",
        "ports",
        "restart",
        "scale",
        "stop_grace_period",
        "stop_signal",
        "x-harness",
    }
)


def as_processes(project: Project) -> Project:
    """Return a project without what processes have no use for.

    Networks stay as scopes of names. A ``reset`` command goes, as it is written for a container's
    file system: a service's ``process`` section may name its own, and its own ``ready``.
    """
    return replace(
        project,
        services={name: as_process(service) for name, service in project.services.items()},
        networks={name: {} for name in project.networks},
        volumes={},
        configs={},
        secrets={},
    )


def as_process(service: Service) -> Service:
    """Return a service without what its process has no use for."""
    config: dict[str, Any] = {key: v for key, v in service.config.items() if key in _KEPT}
    harness = {**service.harness}
    section = harness.get("process")
    if harness.get("reset") != "none":
        harness.pop("reset", None)
    if isinstance(section, dict):
        harness.update({key: section[key] for key in ("ready", "reset") if key in section})
    config["x-harness"] = harness
    return replace(service, config=config)
