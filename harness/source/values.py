"""The value of an ``x-harness`` key, made of nodes, and how two of them merge.

Scalars follow the core schema of YAML 1.2, so ``yes`` and ``on`` are text. Values merge as
Compose merges them: mappings key by key, lists one after the other, else the later wins;
``!override`` replaces and ``!reset`` removes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from harness.errors import ComposeFileError
from harness.source import nodes
from harness.source.core_schema import scalar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TYPED = {
    nodes.PLAIN,
    *(f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float", "null")),
}


@dataclass(frozen=True, slots=True)
class Instead:
    """A value under ``!override``: it does not merge with the earlier one."""

    value: object


class _Reset:
    """A value under ``!reset``: it removes the earlier one."""


RESET = _Reset()


def construct(path: Path, node: yaml.Node) -> object:
    """Return the value of a node, ``!override`` and ``!reset`` within it still to be applied.

    Raises:
        ComposeFileError: as ``nodes.items``, or a value contains itself.
    """
    return _construct(path, node, ())


def _construct(path: Path, node: yaml.Node, above: tuple[yaml.Node, ...]) -> object:
    if node.tag == nodes.RESET:
        return RESET
    if node in above:
        raise ComposeFileError(f"{nodes.location(path, node)}: this value contains itself.")
    above = (*above, node)
    value: object
    if isinstance(node, yaml.ScalarNode):
        typed = node.tag in _TYPED or (node.tag == nodes.OVERRIDE and not node.style)
        value = scalar(node.value) if typed else node.value
    elif isinstance(node, yaml.SequenceNode):
        value = [_construct(path, element, above) for element in nodes.elements(node)]
    else:
        value = {key: _construct(path, item, above) for key, _, item in nodes.items(path, node)}
    return Instead(value) if node.tag == nodes.OVERRIDE else value


def merge(base: object, over: object) -> object:
    """Return ``base`` with the later value ``over`` laid on it."""
    if isinstance(base, Instead):
        return Instead(merge(base.value, over))
    if isinstance(base, dict) and isinstance(over, dict):
        merged = dict(base)
        for key, value in over.items():
            merged[key] = merge(merged[key], value) if key in merged else value
        return merged
    if isinstance(base, list) and isinstance(over, list):
        return base + over
    return over


def settled(value: Mapping[str, object]) -> dict[str, object]:
    """Return a mapping with its ``!override`` and ``!reset`` applied."""
    return {key: _settled(item) for key, item in value.items() if item is not RESET}


def _settled(value: object) -> object:
    if isinstance(value, Instead):
        return _settled(value.value)
    if isinstance(value, dict):
        return settled(value)
    if isinstance(value, list):
        return [_settled(item) for item in value if item is not RESET]
    return value
