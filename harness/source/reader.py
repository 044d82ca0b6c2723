"""Reads compose files, each once, and finds the files that they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import yaml

from harness.source import nodes
from harness.source.paths import normal
from harness.source.peek import Document, is_compose, peek

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.source.peek import Include
    from harness.source.types import Location


class Step(NamedTuple):
    """The files that an entry of ``include`` or an ``extends`` leads to.

    ``directory`` is where relative paths within these files start from; ``complete`` is false
    where only Compose knows all of that.
    """

    verb: str
    location: Location
    files: tuple[Path, ...]
    directory: Path
    complete: bool = True


class Reader:
    """The compose files of one project, each read and parsed at most once."""

    def __init__(self) -> None:
        self._nodes: dict[Path, tuple[yaml.Node, ...]] = {}
        self._documents: dict[Path, tuple[Document, ...]] = {}
        self._contents: dict[Path, int] = {}

    @property
    def contents(self) -> Mapping[Path, int]:
        """What tells the content of each file that was read from another, in this process."""
        return self._contents

    def why_not(self, path: Path) -> str:
        """Return why a file is no compose file, in words; empty if it is one."""
        documents = self._read(path)
        if not documents:
            return "it is empty"
        mappings = [node for node in documents if isinstance(node, yaml.MappingNode)]
        if not mappings:
            return "it is no mapping"
        if not any(is_compose(path, node) for node in mappings):
            return "it has no top-level key of a compose file, such as `services:`"
        return ""

    def documents(self, path: Path) -> tuple[Document, ...]:
        """Return the documents of a compose file; Compose merges them in this order."""
        if path not in self._documents:
            self._documents[path] = tuple(peek(path, node) for node in self._read(path))
        return self._documents[path]

    def reached(self, path: Path) -> dict[Path, str]:
        """Return every other file that ``path`` leads to, with the words that say how."""
        found: dict[Path, str] = {}
        waiting = [(path, path.parent)]
        while waiting:
            for step in self._steps(*waiting.pop()):
                for file in step.files:
                    if file != path and file not in found:
                        found[file] = f"it is {step.verb} {step.location}"
                        waiting.append((file, step.directory))
        return found

    def _steps(self, path: Path, directory: Path) -> Iterator[Step]:
        for document in self.documents(path):
            for include in document.includes:
                yield included(include, directory)
            for service in document.services.values():
                if service.extends and service.extends.file:
                    file = followable(directory, service.extends.file)
                    if file:
                        where = service.extends.location
                        yield Step("extended by", where, (file,), file.parent)

    def _read(self, path: Path) -> tuple[yaml.Node, ...]:
        if path not in self._nodes:
            self._contents[path] = _content(path)
            self._nodes[path] = nodes.read(path)
        return self._nodes[path]


def changed(contents: Mapping[Path, int]) -> tuple[Path, ...]:
    """Return those of the files that were read whose content is another one now."""
    return tuple(path for path, before in contents.items() if _content(path) != before)


def _content(path: Path) -> int:
    try:
        return hash(path.read_bytes())
    except OSError:
        return 0


def included(include: Include, directory: Path) -> Step:
    """Return the files of an ``include`` entry, of which all but the first override the first.

    As Compose 5.6 does it: its paths start from the project directory of the including file;
    those within the included files from ``project_directory``, else from the first one's folder.
    """
    files = _files(directory, include.paths)
    start = include.project_directory
    complete = len(files) == len(include.paths) and "$" not in (start or "")
    if start and "$" not in start:
        within = normal(directory / start)
    else:
        within = files[0].parent if files else directory
    return Step("included by", include.location, files, within, complete)


def followable(directory: Path, written: str) -> Path | None:
    """Return the file that a path leads to, if it can be told without Compose.

    A path with a variable and a remote one are known to Compose alone, and a missing file is
    for Compose to report.
    """
    path = normal(directory / written)
    return path if "$" not in written and path.is_file() else None


def _files(directory: Path, written: Sequence[str]) -> tuple[Path, ...]:
    found = (followable(directory, path) for path in written)
    return tuple(path for path in found if path is not None)
