"""What one document of a compose file says, before files are merged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import yaml

from harness.errors import ComposeFileError, SettingError
from harness.source import nodes, values
from harness.source.dependencies import Declared, declared
from harness.source.types import Location, Variable
from harness.source.variables import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_HARNESS = "x-harness"
_ALONE = re.compile(r"\$(\w+|\{[^{}]*\})")
# How the keys of a service merge that are neither mappings nor plain scalars. Source:
# https://docs.docker.com/reference/compose-file/merge/
_REPLACED = {("command",), ("entrypoint",), ("healthcheck", "test")}
_JOINED = {"dns", "dns_search", "env_file", "label_file", "tmpfs"}
# What makes a file one of Compose's, and the shape that Compose wants it in: other programs have
# a list of `services` (Kong) or a `name`. `name` and `version` alone say nothing.
_SHAPES: dict[str, type[yaml.Node]] = {
    "include": yaml.SequenceNode,
    **dict.fromkeys(
        ("services", "networks", "volumes", "configs", "secrets", "models"), yaml.MappingNode
    ),
}


class Include(NamedTuple):
    """One entry of ``include``, its paths as written."""

    location: Location
    paths: tuple[str, ...]
    project_directory: str | None


class Extends(NamedTuple):
    """What a service extends; ``file`` is None for a service of the same file."""

    location: Location
    file: str | None
    service: str


class PeekedService(NamedTuple):
    """A service as one document, or several merged ones, write it.

    ``tag`` is ``!reset``, ``!override`` or neither; ``harness`` may still hold values under
    those tags. ``replaces`` are the paths at which it takes the place of an earlier file's value.
    """

    name: str
    location: Location
    tag: str
    harness: object
    harness_location: Location | None
    declared: Mapping[str, Declared]
    replaces: frozenset[tuple[str, ...]]
    variables: tuple[Variable, ...]
    extends: Extends | None


class Document(NamedTuple):
    """One document of a compose file. ``variables`` are those outside services."""

    path: Path
    includes: tuple[Include, ...]
    services: Mapping[str, PeekedService]
    services_tag: str
    variables: tuple[Variable, ...]


def is_compose(path: Path, document: yaml.Node) -> bool:
    """Tell whether a document has a key that only a compose file has."""
    return any(
        key in _SHAPES and (isinstance(value, _SHAPES[key]) or nodes.is_null(value))
        for key, _, value in nodes.items(path, document)
    )


def peek(path: Path, document: yaml.Node) -> Document:
    """Read one document.

    Raises:
        ComposeFileError: the document is no mapping, or as ``nodes.items``.
        SettingError: an ``x-harness`` is no mapping.
    """
    if not isinstance(document, yaml.MappingNode):
        where = nodes.location(path, document)
        message = f"{where}: a document of a compose file must be a mapping; this one is not."
        raise ComposeFileError(message)
    includes: tuple[Include, ...] = ()
    services: dict[str, PeekedService] = {}
    services_tag = ""
    variables: list[Variable] = []
    for key, _, value in nodes.items(path, document):
        if key == "services":
            services_tag = nodes.compose_tag(value)
            if services_tag != nodes.RESET:
                services = {
                    name: _service(path, name, name_node, body)
                    for name, name_node, body in nodes.items(path, value)
                }
            continue
        if key == "include":
            includes = tuple(_includes(path, value))
        if key != _HARNESS:
            variables.extend(_variables(path, _below(path, key, value), None))
    return Document(path, includes, services, services_tag, tuple(variables))


def _service(path: Path, name: str, name_node: yaml.Node, body: yaml.Node) -> PeekedService:
    tag = nodes.compose_tag(body)
    harness: object = {}
    harness_location: Location | None = None
    uses: dict[str, Declared] = {}
    replaces: set[tuple[str, ...]] = set()
    variables: list[Variable] = []
    extends: Extends | None = None
    for key, key_node, value in () if tag == nodes.RESET else nodes.items(path, body):
        if key == _HARNESS:
            harness_location = nodes.location(path, key_node)
            harness = _harness(path, name, harness_location, value)
            continue
        if (use := declared(path, key, value)) is not None:
            uses[key] = use
        if key == "extends":
            extends = _extends(path, value)
        below = tuple(_below(path, key, value))
        replaces.update(at.path for at in below if at.replaces)
        variables.extend(_variables(path, below, name))
    return PeekedService(
        name=name,
        location=nodes.location(path, name_node),
        tag=tag,
        harness=harness,
        harness_location=harness_location,
        declared=uses,
        replaces=frozenset(replaces),
        variables=tuple(variables),
        extends=extends,
    )


def _harness(path: Path, service: str, where: Location, node: yaml.Node) -> object:
    if node.tag != nodes.RESET and not isinstance(node, yaml.MappingNode):
        if nodes.is_null(node):
            return {}
        message = (
            f"{where}: `{_HARNESS}` of service {service!r} must be a mapping, such as "
            "`x-harness: {ready: {timeout: 90s}}`."
        )
        raise SettingError(message)
    return values.construct(path, node)


def _extends(path: Path, node: yaml.Node) -> Extends | None:
    where = nodes.location(path, node)
    if (service := nodes.text(node)) is not None:
        return Extends(where, None, service)
    written = {key: nodes.text(value) for key, _, value in nodes.items(path, node)}
    service = written.get("service")
    return Extends(where, written.get("file"), service) if service else None


def _includes(path: Path, node: yaml.Node) -> Iterator[Include]:
    for entry in nodes.elements(node) or (node,):
        written = {"path": entry}
        if isinstance(entry, yaml.MappingNode):
            written = {key: value for key, _, value in nodes.items(path, entry)}
        listed = written.get("path")
        paths = tuple(filter(None, map(nodes.text, nodes.elements(listed) or (listed,))))
        if paths:
            directory = nodes.text(written.get("project_directory"))
            yield Include(nodes.location(path, entry), paths, directory)


class _Node(NamedTuple):
    """A node below a key, with the keys that lead to it; ``listed``: over a list."""

    path: tuple[str, ...]
    node: yaml.Node
    listed: bool = False

    @property
    def replaces(self) -> bool:
        """Whether it takes the place of what an earlier file says, instead of joining it."""
        if self.listed or self.path in _REPLACED:
            return not self.listed
        if nodes.compose_tag(self.node):
            return True
        scalar = isinstance(self.node, yaml.ScalarNode) and not nodes.is_null(self.node)
        return scalar and self.path[0] not in _JOINED


def _below(file: Path, key: str, value: yaml.Node) -> Iterator[_Node]:
    """Yield a key's value and all that is in it."""
    seen: set[int] = set()  # an anchor counts once, and may contain itself
    start = ("build", "context") if key == "build" and nodes.text(value) else (key,)
    waiting = [_Node(start, value)]
    while waiting:
        at = waiting.pop()
        if id(at.node) in seen:
            continue
        seen.add(id(at.node))
        yield at
        if at.node.tag == nodes.RESET or isinstance(at.node, yaml.ScalarNode):
            continue
        below = [_Node(at.path, item, listed=True) for item in nodes.elements(at.node)] or [
            _Node((*at.path, name), item, at.listed) for name, _, item in nodes.items(file, at.node)
        ]
        waiting.extend(reversed(below))


def _variables(file: Path, below: Iterable[_Node], service: str | None) -> Iterator[Variable]:
    for at in below:
        # Compose drops what is under !reset before it interpolates
        if at.node.tag == nodes.RESET or not isinstance(at.node, yaml.ScalarNode):
            continue
        if "$" in at.node.value:
            for found in references(at.node.value):
                yield Variable(
                    name=found.name,
                    location=nodes.location(file, at.node),
                    service=service,
                    path=at.path,
                    default=found.default,
                    required=found.required,
                    message=found.message,
                    fallback=found.fallback,
                    alone=_ALONE.fullmatch(at.node.value) is not None,
                )
