"""The core schema of YAML 1.2: what an unquoted scalar means.

PyYAML reads YAML 1.1, in which ``on`` is true and ``22:22`` a number; Compose does not. Source:
https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from yaml import SafeLoader as SafeLoader
else:
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_CONSTANTS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DIGITS = 24  # as many as 64 bits fill in octal, with 0o
_MERGE = "tag:yaml.org,2002:merge"
_UNTAGGED: dict[type[yaml.Node], str] = {
    yaml.ScalarNode: "tag:yaml.org,2002:str",
    yaml.SequenceNode: "tag:yaml.org,2002:seq",
    yaml.MappingNode: "tag:yaml.org,2002:map",
}
_PLAIN = "tag:yaml.org,2002:plain"  # ours: a scalar that this schema has still to judge


def scalar(text: str) -> object:
    """Return what an unquoted scalar means; text that means nothing else is itself."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _DECIMAL.fullmatch(text):
        return _number(text, 10)
    if _BASED.fullmatch(text):
        return _number(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if match := _NO_NUMBER.fullmatch(text):
        return float("nan" if match[3] else f"{match[1]}inf")
    return text


def _number(text: str, base: int) -> int | float:
    """Return a whole number; one that 64 bits do not hold is a float, as Compose reads it.

    Python refuses to read, and to show, whole numbers of thousands of digits.
    """
    if len(text) <= _DIGITS:
        return int(text, base)
    try:
        return float(text if base == 10 else int(text, base))
    except OverflowError:
        return float("inf")


class _CoreSchemaLoader(SafeLoader):
    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> str:
        if kind is yaml.ScalarNode and implicit[0]:
            return _MERGE if value == "<<" else _PLAIN
        return _UNTAGGED[kind]


_CoreSchemaLoader.add_constructor(_PLAIN, lambda _, node: scalar(str(node.value)))


def core_schema_loader() -> type[yaml.SafeLoader]:
    """Return a safe loader for ``yaml.load``, in C where there is one, for this schema."""
    return _CoreSchemaLoader
