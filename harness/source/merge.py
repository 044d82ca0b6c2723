"""How services of several documents become one: overriding, extending, including. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import DuplicateServiceError
from harness.source import dependencies, values
from harness.source.nodes import OVERRIDE, RESET
from harness.source.types import SourceService

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.source.peek import PeekedService
    from harness.source.types import Variable

    Services = Mapping[str, PeekedService]


def override(base: PeekedService, over: PeekedService) -> PeekedService:
    """Return a service with that of a later file laid on it; it stays where it was defined."""
    everything = over.tag == OVERRIDE
    # Compose interpolates before it merges: what is replaced still wants a value.
    earlier = (
        v._replace(replaced=True) if everything or _replaced(v, over) else v for v in base.variables
    )
    variables = (*earlier, *over.variables)
    if everything:
        return over._replace(location=base.location, variables=variables, tag="")
    uses = dict(base.declared)
    for key, declared in over.declared.items():
        uses[key] = dependencies.merge(uses.get(key), declared)
    return base._replace(
        harness=values.merge(base.harness, over.harness),
        harness_location=over.harness_location or base.harness_location,
        declared=uses,
        replaces=base.replaces | over.replaces,
        variables=variables,
    )


def _replaced(variable: Variable, over: PeekedService) -> bool:
    """Whether a later file puts another value where the reference stands."""
    path = variable.path
    return any(path[:length] in over.replaces for length in range(1, len(path) + 1))


def extend(base: PeekedService, service: PeekedService) -> PeekedService:
    """Return a service with what it inherits from the one that it extends."""
    inherited = tuple(v._replace(service=service.name) for v in base.variables)
    return override(base._replace(variables=inherited), service)._replace(
        name=service.name,
        location=service.location,
        tag=service.tag,
    )


def lay(
    base: Services, over: Services, services_tag: str = ""
) -> tuple[dict[str, PeekedService], list[Variable]]:
    """Lay the services of a later document on the earlier ones.

    Returns:
        The merged services, and the variables of those that the later document removes:
        Compose has interpolated them by then.
    """
    merged = {} if services_tag else dict(base)
    removed = [base[name] for name in base if name not in merged]
    for name, service in over.items():
        if service.tag == RESET:
            removed.extend([merged.pop(name)] if name in merged else [])
        else:
            merged[name] = override(merged[name], service) if name in merged else service
    return merged, [variable for service in removed for variable in service.variables]


def join(parts: Iterable[Services]) -> dict[str, PeekedService]:
    """Join the services of files of which none is laid on another.

    Raises:
        DuplicateServiceError: two of them define the same service in different places.
    """
    joined: dict[str, PeekedService] = {}
    for part in parts:
        for name, service in part.items():
            other = joined.setdefault(name, service)
            # A file that is included twice says the same thing twice.
            if other.location != service.location:
                raise DuplicateServiceError(_duplicate(other, service))
    return joined


def finish(service: PeekedService) -> SourceService:
    """Return the service as the rest of the harness knows it."""
    harness = service.harness if isinstance(service.harness, dict) else {}
    if isinstance(service.harness, values.Instead) and isinstance(service.harness.value, dict):
        harness = service.harness.value
    return SourceService(
        name=service.name,
        location=service.location,
        harness=values.settled(harness),
        harness_location=service.harness_location,
        dependencies=dependencies.flatten(service.declared),
        variables=service.variables,
    )


def _duplicate(first: PeekedService, second: PeekedService) -> str:
    message = (
        f"Service {first.name!r} is defined twice: {first.location} and {second.location}. "
        "Rename or remove one of them"
    )
    base = first.location.file
    if base.parent != second.location.file.parent:
        return f"{message}."
    override_name = f"{base.stem}.override{base.suffix}"
    return f"{message}; if the second is to change the first, call its file {override_name}."
