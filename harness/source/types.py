"""The compose files of a project as inert data.

Named tuples: a dataclass takes several times as long to define, in every run of pytest.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from harness.source.paths import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Location(NamedTuple):
    """A line of a file; lines count from 1. As text: ``compose/db.yml:12``."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{shown(self.file)}:{self.line}"


class Variable(NamedTuple):
    """One reference to a variable in a compose file.

    Attributes:
        name: the variable's name.
        location: the scalar in which the reference stands.
        service: the service that needs the value; None outside services.
        path: the keys below which the reference stands, from that of the service (``build``,
            ``args``, ``WHERE``) or from the top-level one (``volumes``, ``data``, ``name``).
        default: it works without a value: ``:-``, ``-``, ``:+``, ``+``, or it stands inside
            another reference (``B`` of ``${A:-${B}}``), which may never come to need it.
        required: it is written with ``:?`` or ``?``. Inside another reference it can be both:
            Compose then refuses to go on only when the outer one comes to need it.
        message: what stands behind ``:?``.
        fallback: what stands behind ``:-``; None for one that stands inside another reference.
        alone: there is nothing else in the scalar.
        replaced: a later file puts something else in its place. Compose interpolates before it
            merges, so it still wants a value, but no service gets it.
    """

    name: str
    location: Location
    service: str | None
    path: tuple[str, ...]
    default: bool
    required: bool
    message: str = ""
    fallback: str | None = None
    alone: bool = False
    replaced: bool = False

    @property
    def key(self) -> str:
        """The key of the service (``image``), or the top-level key (``networks``)."""
        return self.path[0]


class Dependency(NamedTuple):
    """A service that another one names: in ``depends_on``, or because it uses a part of it.

    Attributes:
        name: the service depended on.
        location: where it is named.
        required: False for ``required: false`` of ``depends_on``.
    """

    name: str
    location: Location
    required: bool


class SourceService(NamedTuple):
    """A service as the compose files write it, with its overrides and what it extends.

    Attributes:
        name: the service's name.
        location: where it is defined first; an override leaves it.
        harness: its ``x-harness`` mapping, unresolved.
        harness_location: where ``x-harness`` was written last; None where it has none.
        dependencies: one for each service that it names.
        variables: every reference within it, those of what it extends included.
    """

    name: str
    location: Location
    harness: Mapping[str, object]
    harness_location: Location | None
    dependencies: tuple[Dependency, ...]
    variables: tuple[Variable, ...]


class FileGroup(NamedTuple):
    """The files of one folder: what one call of Compose gets as ``-f``, in this order.

    Attributes:
        directory: the folder, which is the project directory that relative paths start from.
        files: in merge order, an override right after what it overrides.
        env_files: the ``.env`` files that exist, the project's before the folder's; a later
            one wins.
    """

    directory: Path
    files: tuple[Path, ...]
    env_files: tuple[Path, ...]


class Source(NamedTuple):
    """All that the compose files of a project say.

    Attributes:
        root: the project's root.
        groups: one for each folder, in the order of first mention. Files that are reached
            over ``include`` are in none, as Compose reads those by itself.
        services: by name, in the order of the files.
        variables: those that belong to no service of the project. ``service`` is None outside
            services; it is no name of ``services`` where Compose interpolates a service that
            nobody can need (the neighbour of an extended one, one removed with ``!reset``).
        left_out: files of a folder that do not count, with the reason in words.
        complete: every ``include`` was followed. A remote one, and one whose path has a variable
            in it, are known to Compose alone, and so are their services.
        contents: what tells the content of each file that was read, from what it is later.
    """

    root: Path
    groups: tuple[FileGroup, ...]
    services: Mapping[str, SourceService]
    variables: tuple[Variable, ...]
    left_out: tuple[tuple[Path, str], ...]
    complete: bool = True
    contents: Mapping[Path, int] = MappingProxyType({})

    @property
    def every_variable(self) -> tuple[Variable, ...]:
        """Every reference to a variable, in services and outside."""
        inside = (v for service in self.services.values() for v in service.variables)
        return (*self.variables, *inside)

    def group_of(self, service: str) -> FileGroup:
        """Return the folder's files that a service belongs to; the first if it was not seen."""
        known = self.services.get(service)
        return self.group_with(known.location.file if known else None) or self.groups[0]

    def group_with(self, file: Path | None) -> FileGroup | None:
        """Return the group of a file; None for one that others lead to."""
        return next((group for group in self.groups if file in group.files), None)
