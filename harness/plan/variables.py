"""Which variables without a value the needed services cannot do without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import MissingVariableError
from harness.model.project import SECTIONS, Project, Service, used_names
from harness.plan.placeholders import is_refusable

if TYPE_CHECKING:
    from harness.source import Source, Variable

# Keys of a service in which an empty string instead of a value does harm that nobody sees.
DEMANDING_KEYS = frozenset({"image", "build", "command", "ports", "volumes"})


@dataclass(frozen=True, slots=True)
class VariableFindings:
    """Variables without a value that the needed services use."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def find_unset(source: Source, project: Project, services: Sequence[Service]) -> VariableFindings:
    """Judge the variables that have no value.

    Args:
        source: The compose files.
        project: What Compose made of them.
        services: The services of the closure.
    """
    used = _Used.by(services)
    errors: dict[str, None] = {}
    warnings: dict[str, None] = {}
    for variable in source.every_variable:
        if variable.name not in project.unset or variable.replaced or not used.has(variable):
            continue
        message = project.unset[variable.name]
        demanded = variable.required and not (variable.default and message is None)
        if demanded or (
            not variable.default and variable.service and variable.key in DEMANDING_KEYS
        ):
            errors[_unset_message(variable, message)] = None
        elif _altered(variable, project.placeholders):
            tell = _unset_message if is_refusable(variable) else _altered_message
            errors[tell(variable, message)] = None
        elif not variable.default:
            warnings[_unset_message(variable, message)] = None
    located = {variable.name for variable in source.every_variable}
    for name, message in project.unset.items():
        # a file that only Compose can include is not peeked into: it knows, without the line
        if name not in located and message is not None:
            said = f": {message}" if message else ""
            errors[f"the variable {name} has no value, and a compose file demands it{said}"] = None
    return VariableFindings(tuple(errors), tuple(warnings))


@dataclass(frozen=True, slots=True)
class _Used:
    """What belongs to a closure: names, by the top-level key that they stand under."""

    names: Mapping[str, frozenset[str]]

    @classmethod
    def by(cls, services: Sequence[Service]) -> _Used:
        names = {"services": frozenset(service.name for service in services)}
        for key in SECTIONS:
            names[key] = frozenset(name for s in services for name in used_names(s, key))
        return cls(names)

    def has(self, variable: Variable) -> bool:
        """Whether the closure comes to need what the reference stands in.

        What an ``x-`` section holds counts where a service merges it. The project's ``name`` is
        the harness's to choose.
        """
        if variable.service is not None:
            return variable.service in self.names["services"]
        if variable.key in self.names and len(variable.path) > 1:
            return variable.path[1] in self.names[variable.key]
        return variable.key != "name" and not variable.key.startswith("x-")


def _altered(variable: Variable, placeholders: Mapping[str, str]) -> bool:
    """Whether a placeholder got to where the variable would have been empty, or its default."""
    placeholder = placeholders.get(variable.name)
    return placeholder is not None and variable.fallback != placeholder


def _unset_message(variable: Variable, message: str | None) -> str:
    where = f"of service {variable.service!r}" if variable.service else "of the project"
    said = f" ({message})" if variable.required and message else ""
    return (
        f"{variable.location}: the variable {variable.name} has no value{said}; "
        f"`{variable.key}` {where} uses it. Set it in the environment or in a .env file, "
        f"or give it a default: ${{{variable.name}:-…}}"
    )


def _altered_message(variable: Variable, _: str | None) -> str:
    where = f"of service {variable.service!r}" if variable.service else "of the project"
    return (
        f"{variable.location}: the variable {variable.name} has no value; `{variable.key}` "
        f"{where} can do without, and Compose refuses another place of the compose files that "
        f"cannot. Set it in the environment or in a .env file, or use two variables"
    )


def check_variables(findings: VariableFindings) -> None:
    """Raise for variables that a needed service cannot do without.

    Raises:
        MissingVariableError: There are some; each is named with file and line.
    """
    if findings.errors:
        raise MissingVariableError("\n".join(findings.errors))
