"""What can be told from the compose files alone, before Compose or an engine is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from harness.errors import (
    ComposeFileError,
    DependencyCycleError,
    nearest,
)
from harness.model.project import SECTIONS, Project, Service, used_names

if TYPE_CHECKING:
    from harness.source import Source, SourceService


def check_dependencies(source: Source) -> None:
    """Check that every dependency exists, and that none goes in a circle.

    Where a file is left to Compose to include, it may define what others depend on.

    Raises:
        ComposeFileError: A service depends on one that is not there.
        DependencyCycleError: Services depend on each other in a circle.
    """
    services = source.services
    for service in services.values() if source.complete else ():
        for dependency in service.dependencies:
            if dependency.required and dependency.name not in services:
                raise ComposeFileError(
                    f"{dependency.location}: service {service.name!r} depends on "
                    f"{dependency.name!r}, which no compose file defines. "
                    f"{nearest(dependency.name, list(services))}"
                )
    if circle := _circle(services):
        places = [
            str(next(d.location for d in services[a].dependencies if d.name == b))
            for a, b in pairwise(circle)
        ]
        raise DependencyCycleError(
            f"services depend on each other in a circle: {' → '.join(circle)} "
            f"({', '.join(places)}). Remove one of these dependencies."
        )


def _circle(services: Mapping[str, SourceService]) -> list[str]:
    """Return the names along a circle, first and last the same, or nothing."""
    from graphlib import CycleError, TopologicalSorter

    graph = {
        s.name: [d.name for d in s.dependencies if d.name in services] for s in services.values()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # graphlib lists a circle from dependency to dependent
        return list(reversed(error.args[1]))
    return []


def check_env_files(services: Iterable[Service], exists: Callable[[str], bool]) -> None:
    """Check that every file of variables is there: Compose would not say whose it is.

    Raises:
        ComposeFileError: One is not.
    """
    for service in services:
        for entry in service.config.get("env_file") or ():
            if entry.get("required") is not False and not exists(entry["path"]):
                raise ComposeFileError(
                    f"{service.called} wants the env_file {entry['path']}, which is not there. "
                    f"Add it, or write `env_file: [{{path: …, required: false}}]`."
                )


def check_sense(services: Iterable[Service]) -> None:
    """Check for what Compose lets pass, and what can come to nothing.

    Raises:
        ComposeFileError: A service has a negative number of containers, or a health check
            without a command.
    """
    for service in services:
        if service.replicas < 0:
            raise ComposeFileError(
                f"{service.called} is scaled to {service.replicas} containers. "
                f"Write a number from 0 on into its `scale` or `deploy.replicas`."
            )
        test = (service.config.get("healthcheck") or {}).get("test")
        if test in (["CMD"], ["CMD-SHELL"]):
            raise ComposeFileError(
                f"{service.called} has the health check {test}, which names no command. "
                f"Add one, such as [CMD, pg_isready]."
            )


def written_to(project: Project, services: Sequence[Service]) -> tuple[str, ...]:
    """Warn of external volumes and networks: tests write into what was there before the run."""
    used = {
        "volume": (project.volumes, sorted({v for s in services for v in s.volumes})),
        "network": (project.networks, sorted({n for s in services for n in s.networks})),
    }
    return tuple(
        f"the {kind} {(declared[name].get('name') or name)!r} is external: tests write into it, "
        f"and the harness neither makes nor removes it"
        for kind, (declared, names) in used.items()
        for name in names
        if (declared.get(name) or {}).get("external")
    )


def check_references(project: Project, services: Sequence[Service]) -> None:
    """Check that what services name is there: Compose was told to leave that open.

    Raises:
        ComposeFileError: A service uses a volume, network, config or secret that no file
            defines, or depends on such a service.
    """
    for service in services:
        wanted = [("service", d.service) for d in service.dependencies if d.required]
        for key in SECTIONS:
            wanted += [(key.removesuffix("s"), name) for name in used_names(service, key)]
        for kind, name in wanted:
            defined: Mapping[str, object] = getattr(project, f"{kind}s")
            if name not in defined:
                raise ComposeFileError(
                    f"{service.called} uses the {kind} {name!r}, which no compose file defines. "
                    f"{nearest(name, list(defined))}"
                )
