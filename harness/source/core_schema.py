"""The core schema of YAML 1.2: what an unquoted scalar means.

PyYAML reads YAML 1.1, in which ``on`` is true and ``22:22`` a number; Compose does not. What
Compose writes is read as it was; of what a team writes, Compose takes some more for numbers
(``1_000``, ``0b11``, and ``017`` for 15). Source: https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import math
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
# What Compose reads larger numbers as (strconv.ParseInt and ParseFloat of Go): whole ones as
# floats, those with a base, and floats that are none, as text. Python refuses to read whole numbers
# of thousands of digits.
_DIGITS, _LEAST, _MOST = 24, -(1 << 63), 1 << 64
_MERGE = "tag:yaml.org,2002:merge"
_UNTAGGED: dict[type[yaml.Node], str] = {
    yaml.ScalarNode: "tag:yaml.org,2002:str",
    yaml.SequenceNode: "tag:yaml.org,2002:seq",
    yaml.MappingNode: "tag:yaml.org,2002:map",
}
_PLAIN = "tag:yaml.org,2002:plain"  # ours: a scalar that this schema has still to judge


def scalar(text: str) -> object:
    """Return what an unquoted scalar means; text that means nothing else is itself.

    So is a number that 64 bits do not hold, as whoever wrote it for Compose has it: a commit
    ``1234e567``, a hash ``0xdeadbeefdeadbeefdeadbeef``.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _DECIMAL.fullmatch(text) and len(text) <= _DIGITS:
        number = int(text)
        if _LEAST <= number < _MOST:
            return number
    if _BASED.fullmatch(text):
        number = int(text, 0)
        return number if number < _MOST else text
    if _FLOAT.fullmatch(text):
        finite = float(text)
        return finite if math.isfinite(finite) else text
    if match := _NO_NUMBER.fullmatch(text):
        return float("nan" if match[3] else f"{match[1]}inf")
    return text


class _CoreSchemaLoader(SafeLoader):
    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> str:
        if kind is yaml.ScalarNode and implicit[0]:
            return _MERGE if value == "<<" else _PLAIN
        return _UNTAGGED[kind]


_CoreSchemaLoader.add_constructor(_PLAIN, lambda _, node: scalar(str(node.value)))


def core_schema_loader() -> type[yaml.SafeLoader]:
    """Return a safe loader for ``yaml.load``, in C where there is one, for this schema."""
    return _CoreSchemaLoader
