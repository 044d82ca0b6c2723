"""Which Python name a service has: the one rule for its marker and its fixture."""

from __future__ import annotations

import keyword
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Naming:
    """The Python names of a project's services.

    Attributes:
        names: service to Python name, for the services that have one.
        unnamed: service to the reason, in words, for those that have none.
    """

    names: Mapping[str, str]
    unnamed: Mapping[str, str]


def python_name(service: str) -> str:
    """Return the service's name as Python would spell it: ``-`` and ``.`` become ``_``."""
    return service.replace("-", "_").replace(".", "_")


def name_services(services: Iterable[str], reserved: Collection[str] = ()) -> Naming:
    """Give each service a Python name of its own, or say why it has none.

    Args:
        services: names as the compose files write them; a repeated one counts once.
        reserved: Python names that are taken already.
    """
    spelled: defaultdict[str, list[str]] = defaultdict(list)
    for service in dict.fromkeys(services):
        spelled[python_name(service)].append(service)
    names: dict[str, str] = {}
    unnamed: dict[str, str] = {}
    for name, owners in spelled.items():
        reason = _reason(name, owners, reserved)
        for service in owners:
            if reason:
                unnamed[service] = reason
            else:
                names[service] = name
    return Naming(names, unnamed)


def _reason(name: str, owners: list[str], reserved: Collection[str]) -> str:
    """Return why ``name`` cannot stand for the services that are spelled so; empty: it can."""
    if len(owners) > 1:
        quoted = [f"`{owner}`" for owner in owners]
        both = "both" if len(owners) == 2 else "all"
        return f"{', '.join(quoted[:-1])} and {quoted[-1]} would {both} be `{name}`"
    if not name.isidentifier():
        return f"`{name}` is no Python identifier"
    if keyword.iskeyword(name):
        return f"`{name}` is a Python keyword"
    if name.startswith("_"):
        return f"`{name}` begins with an underscore"
    if name in reserved:
        return f"`{name}` is taken by pytest or the harness itself"
    return ""
