"""YAML of a compose file as nodes: text with its place, before anything is made of it.

Keys are text here (``on`` and ``1.0`` are names), and Compose's tags (``!reset``, ``!override``)
stay visible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from harness.errors import ComposeFileError
from harness.source.core_schema import SafeLoader
from harness.source.paths import shown
from harness.source.types import Location

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAIN = "plain"  # a scalar without quotes: may be a number, a boolean or null
_TEXT = "text"
_MERGE = "merge"
RESET = "!reset"
OVERRIDE = "!override"


class _NodeLoader(SafeLoader):
    """Composes nodes without guessing their types: a third faster, and text stays text."""

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: object) -> str:
        if kind is yaml.ScalarNode and isinstance(implicit, tuple) and implicit[0]:
            return _MERGE if value == "<<" else PLAIN
        return _TEXT

    def descend_resolver(self, current_node: yaml.Node | None, current_index: object) -> None:
        """Do nothing: there are no resolvers by path."""

    def ascend_resolver(self) -> None:
        """Do nothing: there are no resolvers by path."""


def read(path: Path) -> tuple[yaml.Node, ...]:
    """Return the documents of a file; none for a file without content.

    Raises:
        ComposeFileError: the file cannot be read, is not UTF-8, or is not YAML.
    """
    try:
        # YAML allows the byte order mark that editors of some systems write.
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        message = f"Cannot read the compose file {shown(path)}: {error.strerror or error}."
        raise ComposeFileError(message) from error
    except UnicodeDecodeError as error:
        where = Location(path, error.object.count(b"\n", 0, error.start) + 1)
        message = (
            f"{where}: the compose file is not UTF-8 (byte 0x{error.object[error.start]:02x}). "
            "Save it as UTF-8."
        )
        raise ComposeFileError(message) from error
    try:
        return tuple(yaml.compose_all(text, Loader=_NodeLoader))
    except yaml.YAMLError as error:
        raise ComposeFileError(_invalid(path, text, error)) from error


def location(path: Path, node: yaml.Node) -> Location:
    """Return the line on which the node begins."""
    return Location(path, node.start_mark.line + 1)


def text(node: yaml.Node | None) -> str | None:
    """Return the text of a scalar; None for anything else, and for null."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    return None if is_null(node) else str(node.value)


def is_null(node: yaml.Node) -> bool:
    """Tell whether the node is null, written or left out."""
    return node.tag == PLAIN and node.value in ("", "~", "null", "Null", "NULL")


def compose_tag(node: yaml.Node) -> str:
    """Return ``!reset`` or ``!override`` if the node has that tag, else nothing."""
    return node.tag if node.tag in (RESET, OVERRIDE) else ""


def elements(node: yaml.Node | None) -> tuple[yaml.Node, ...]:
    """Return the elements of a list; none for anything else."""
    return tuple(node.value) if isinstance(node, yaml.SequenceNode) else ()


def items(path: Path, node: yaml.Node | None) -> tuple[tuple[str, yaml.Node, yaml.Node], ...]:
    """Return key, key node and value of a mapping, ``<<`` merged in; none for anything else.

    Raises:
        ComposeFileError: a key stands there twice or is no text, or ``<<`` names no mapping.
            Compose refuses all of them.
    """
    if not isinstance(node, yaml.MappingNode):
        return ()
    return tuple((key, *pair) for key, pair in _pairs(path, node, ()).items())


def _pairs(
    path: Path, node: yaml.MappingNode, above: tuple[yaml.Node, ...]
) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    own: dict[str, tuple[yaml.Node, yaml.Node]] = {}
    merged: yaml.Node | None = None
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ComposeFileError(f"{location(path, key)}: a key must be text.")
        if key.value in own or (key.tag == _MERGE and merged):
            message = (
                f"{location(path, key)}: the key `{key.value}` stands in this mapping twice. "
                "Remove one of them."
            )
            raise ComposeFileError(message)
        if key.tag == _MERGE:
            merged = value
        else:
            own[key.value] = (key, value)
    if merged is None:
        return own
    # The key of the mapping itself wins over merged ones, an earlier merged one over later.
    for source in _merged(path, merged):
        if source is node or source in above:
            raise ComposeFileError(f"{location(path, source)}: this mapping merges itself.")
        for name, pair in _pairs(path, source, (*above, node)).items():
            own.setdefault(name, pair)
    return own


def _merged(path: Path, node: yaml.Node) -> Iterator[yaml.MappingNode]:
    for source in elements(node) or (node,):
        if not isinstance(source, yaml.MappingNode):
            message = f"{location(path, source)}: `<<` needs a mapping, or a list of mappings."
            raise ComposeFileError(message)
        yield source


def _invalid(path: Path, source: str, error: yaml.YAMLError) -> str:
    """Return the parser's complaint in words, with file, line and column."""
    advice = "Correct it, or move the file out of this folder if it is no compose file."
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"{shown(path)}: invalid YAML: {getattr(error, 'reason', error)}. {advice}"
    parts = (getattr(error, "context", None), getattr(error, "problem", None))
    problem = ", ".join(part for part in parts if part)
    lines = source.splitlines()
    if mark.line < len(lines) and lines[mark.line][mark.column : mark.column + 1] == "\t":
        advice = "YAML is indented with spaces: replace the tab."
    where = Location(path, mark.line + 1)
    return f"{where}:{mark.column + 1}: invalid YAML: {problem}. {advice}"
