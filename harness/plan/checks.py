"""What can be told from the compose files alone, before Compose or an engine is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from harness.errors import (
    ComposeFileError,
    DependencyCycleError,
    MissingVariableError,
    SettingError,
    nearest,
)
from harness.model.duration import seconds
from harness.model.project import Project, Service

if TYPE_CHECKING:
    from harness.source import Source, SourceService, Variable

# Keys of a service in which an empty string instead of a value does harm that nobody sees.
DEMANDING_KEYS = frozenset({"image", "build", "command", "ports", "volumes"})


def check_dependencies(services: Mapping[str, SourceService]) -> None:
    """Check that every dependency exists, and that none goes in a circle.

    Raises:
        ComposeFileError: A service depends on one that is not there.
        DependencyCycleError: Services depend on each other in a circle.
    """
    for service in services.values():
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


@dataclass(frozen=True, slots=True)
class VariableFindings:
    """Variables without a value that the needed services use."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def find_unset(
    source: Source, needed: Iterable[str], unset: Mapping[str, str | None]
) -> VariableFindings:
    """Judge the variables that have no value.

    Args:
        source: The compose files.
        needed: The services of the closure.
        unset: The variables without a value, with the compose file's own message for those that
            it demands.
    """
    needed = set(needed)
    errors: dict[str, None] = {}
    warnings: dict[str, None] = {}
    everywhere = [*source.variables, *(v for s in source.services.values() for v in s.variables)]
    for variable in everywhere:
        if variable.name not in unset or variable.default:
            continue
        if variable.service is not None and variable.service not in needed:
            continue
        demanded = variable.required or (variable.service and variable.key in DEMANDING_KEYS)
        (errors if demanded else warnings)[_unset_message(variable, unset[variable.name])] = None
    located = {variable.name for variable in everywhere}
    for name, message in unset.items():
        # a file reached only by `extends` is not peeked into: Compose knows, without the line
        if name not in located and message is not None:
            said = f": {message}" if message else ""
            errors[f"the variable {name} has no value, and a compose file demands it{said}"] = None
    return VariableFindings(tuple(errors), tuple(warnings))


def _unset_message(variable: Variable, message: str | None) -> str:
    where = f"of service {variable.service!r}" if variable.service else "of the project"
    said = f" ({message})" if variable.required and message else ""
    return (
        f"{variable.location}: the variable {variable.name} has no value{said}; "
        f"`{variable.key}` {where} uses it. Set it in the environment or in a .env file, "
        f"or give it a default: ${{{variable.name}:-…}}"
    )


def check_variables(findings: VariableFindings) -> None:
    """Raise for variables that a needed service cannot do without.

    Raises:
        MissingVariableError: There are some; each is named with file and line.
    """
    if findings.errors:
        raise MissingVariableError("\n".join(findings.errors))


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


HARNESS_KEYS = ("fixed", "ready")
READY_KEYS = ("timeout",)


def check_extension(service: SourceService) -> None:
    """Check a service's ``x-harness`` section.

    Raises:
        SettingError: It has a key or a value that the harness does not know.
    """
    where = service.harness_location or service.location
    _known(service.harness, HARNESS_KEYS, f"{where}: x-harness of service {service.name!r}")
    fixed = service.harness.get("fixed", False)
    if not isinstance(fixed, bool):
        raise SettingError(f"{where}: x-harness.fixed must be true or false, found {fixed!r}")
    ready = service.harness.get("ready", {})
    if not isinstance(ready, Mapping):
        raise SettingError(
            f"{where}: x-harness.ready must be a mapping such as {{timeout: 90s}}, found {ready!r}"
        )
    _known(ready, READY_KEYS, f"{where}: x-harness.ready of service {service.name!r}")
    if "timeout" in ready:
        try:
            seconds(ready["timeout"])
        except ValueError:
            raise SettingError(
                f"{where}: x-harness.ready.timeout must be a duration such as 90s, "
                f"found {ready['timeout']!r}"
            ) from None


def _known(section: Mapping[str, object], keys: Sequence[str], where: str) -> None:
    for key in section:
        if key not in keys:
            raise SettingError(f"{where}: unknown key {key!r}. {nearest(key, keys)}")
