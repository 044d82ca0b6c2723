"""The variables that a text of a compose file refers to.

Compose's interpolation syntax: ``$A``, ``${A}``, and ``${A:-x}`` with any of the operators
``:-  -  :?  ?  :+  +``; what follows the operator may refer to further variables; ``$$`` is a
dollar. Source: https://docs.docker.com/reference/compose-file/interpolation/, and the answers
of Compose 5.6 for what that leaves open (braces are counted; the first operator decides).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_START = re.compile(
    r"\$(?:(?P<escaped>\$)"
    r"|(?P<bare>[A-Za-z_][A-Za-z0-9_]*)"
    r"|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)(?P<operator>:?[-?+]|(?=\})))"
)
_BRACE = re.compile(r"[{}]")


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable in a text; the meaning of the attributes is that of ``Variable``."""

    name: str
    default: bool
    required: bool
    message: str = ""
    fallback: str | None = None


def references(text: str) -> Iterator[Reference]:
    """Yield each reference in the order of the text, an outer one before those inside it.

    What is malformed is skipped: Compose says better what is wrong with it.
    """
    return _references(text, 0, len(text), nested=False)


def _references(text: str, start: int, end: int, *, nested: bool) -> Iterator[Reference]:
    while match := _START.search(text, start, end):
        start = match.end()
        if match["escaped"]:
            continue
        if match["bare"]:
            yield Reference(match["bare"], default=nested, required=False)
            continue
        close = _closing_brace(text, start, end)
        if close is None:
            continue
        operator, argument = match["operator"], text[start:close]
        yield Reference(
            match["braced"],
            # Compose looks at the inside only if the outer one has to use it, so the inner
            # one never is an error by itself.
            default=nested or operator[-1:] in ("-", "+"),
            required=operator.endswith("?"),
            message=argument if operator.endswith("?") else "",
            fallback=argument if operator.endswith("-") and not nested else None,
        )
        yield from _references(text, start, close, nested=True)
        start = close + 1


def _closing_brace(text: str, start: int, end: int) -> int | None:
    """Return where the brace closes that was opened before ``start``."""
    depth = 1
    for brace in _BRACE.finditer(text, start, end):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.start()
    return None
