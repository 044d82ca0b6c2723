"""Which services a service names: in ``depends_on``, and by using a part of theirs.

Compose makes a dependency of each of them (``restart: true``, ``condition: service_started``);
an entry of ``depends_on`` wins over one that it infers. Tried with ``docker compose config`` of
Compose 5.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from harness.source import nodes
from harness.source.types import Dependency

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import yaml

_LISTS = ("links", "volumes_from")
_NAMESPACES = ("network_mode", "ipc", "pid", "uts")
_KEYS = ("depends_on", *_LISTS, *_NAMESPACES)
_SERVICE = "service:"


class Declared(NamedTuple):
    """What one key of a service declares.

    Attributes:
        replaces: it takes the place of what an earlier file declares, else it is added.
        entries: by the name of the service; None where an entry removes the earlier one.
    """

    replaces: bool
    entries: Mapping[str, Dependency | None]


def declared(path: Path, key: str, node: yaml.Node) -> Declared | None:
    """Return what the key of a service declares; None for a key that names no services."""
    if key not in _KEYS:
        return None
    tag = nodes.compose_tag(node)
    if tag == nodes.RESET:
        return Declared(replaces=True, entries={})
    entries: dict[str, Dependency | None] = {}
    replaces = tag == nodes.OVERRIDE
    if key in _NAMESPACES:
        replaces = True
        written: Iterable[tuple[str | None, yaml.Node, bool | None]] = [
            (_shared(nodes.text(node)), node, True)
        ]
    elif key in _LISTS:
        written = ((_linked(nodes.text(item)), item, True) for item in nodes.elements(node))
    else:
        written = _depends_on(path, node)
    for name, where, required in written:
        # A name that depends on a variable is known to Compose alone.
        if name and "$" not in name:
            entries[name] = (
                None
                if required is None
                else Dependency(name, nodes.location(path, where), required)
            )
    return Declared(replaces, entries)


def merge(base: Declared | None, over: Declared) -> Declared:
    """Return the declaration of an earlier file with that of a later one laid on it."""
    if base is None or over.replaces:
        return over
    return Declared(base.replaces, {**base.entries, **over.entries})


def flatten(uses: Mapping[str, Declared]) -> tuple[Dependency, ...]:
    """Return one dependency for each service, ``depends_on`` before what is inferred."""
    found: dict[str, Dependency] = {}
    for key in _KEYS:
        for name, dependency in uses[key].entries.items() if key in uses else ():
            if dependency is not None:
                found.setdefault(name, dependency)
    return tuple(found.values())


def _depends_on(path: Path, node: yaml.Node) -> Iterator[tuple[str | None, yaml.Node, bool | None]]:
    for item in nodes.elements(node):
        yield nodes.text(item), item, True
    for name, name_node, body in nodes.items(path, node):
        if nodes.compose_tag(body) == nodes.RESET:
            yield name, name_node, None
            continue
        settings = {key: nodes.text(value) for key, _, value in nodes.items(path, body)}
        yield name, name_node, settings.get("required") not in ("false", "False", "FALSE")


def _linked(entry: str | None) -> str | None:
    """Return the service of ``db:alias`` or ``db:ro``; ``container:x`` is none of the project."""
    if entry is None or entry.startswith("container:"):
        return None
    return entry.partition(":")[0]


def _shared(mode: str | None) -> str | None:
    """Return the service of ``service:db``."""
    return mode.removeprefix(_SERVICE) if mode and mode.startswith(_SERVICE) else None
