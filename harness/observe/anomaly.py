"""Lines of a log that say that something went wrong. Pure.

A line counts by what its writer calls it, a level, or by the shape of a stack trace or a panic: a
sentence that only has the word ``error`` in it does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from harness.observe.access import answer_of
from harness.observe.lines import Line

_CAPITALS = re.compile(
    r"(?<![\w./=-])(?:ERROR|FATAL|CRITICAL|PANIC|SEVERE|EMERG|ALERT)(?![\w./=-])"
)
_LEVEL = re.compile(
    r"""
    (?<![\w.-])(?:level|lvl|severity|loglevel|log\.level)"?\s*[=:]\s*"?
        (?:error|err|fatal|critical|crit|panic|dpanic|emerg(?:ency)?|alert|severe)\b
    | \[(?:error|crit|critical|fatal|alert|emerg|panic)\]
    | "level"\s*:\s*(?:50|60)\b  # pino and bunyan
    | ^(?:error|fatal|panic|fatal\ error)[:!\s]
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NO_ERROR = re.compile(r"\b(?:no|0|without)\s+(?:errors?|fatal)\b", re.IGNORECASE)
_TRACE = re.compile(
    r"""
    Traceback\ \(most\ recent\ call\ last\)
    | ^goroutine\ \d+\ \[
    | ^Exception\ in\ thread\b
    | ^thread\ '.*'\ (?:\(\d+\)\ )?panicked\ at
    | \bpanic:\ (?:runtime\ error|\S)
    | ^(?:Caused\ by:\ )?(?:[a-z_]\w*\.)+[A-Z]\w*(?:Exception|Error)\b(?:[:\s]|$)
    | ^(?:Uncaught\ )?[A-Z]\w*(?:Exception|Error):\ \S
    | \bUnhandled(?:\ exception|PromiseRejection|\ promise\ rejection)
    | \b[Ss]egmentation\ fault\b | \bSIGSEGV\b
    | \b[Oo]ut\ of\ memory\b | \bOutOfMemoryError\b
    """,
    re.VERBOSE,
)
_SERVER_ERROR = 500

FAILED = "[died"
"""What a note begins with that tells of an end which nobody wanted."""


def is_anomaly(text: str) -> bool:
    """Whether a line says of itself that something went wrong."""
    if _TRACE.search(text):
        return True
    if (answer := answer_of(text)) is not None:
        return answer.status >= _SERVER_ERROR
    called = _CAPITALS.search(text) or _LEVEL.search(text)
    return called is not None and not _NO_ERROR.search(text)


def first_anomaly(lines: Iterable[Line], ready: Mapping[str, float]) -> int | None:
    """Return the place of the first line that says that something went wrong, or None.

    What a service writes before it is ready is its start's affair, and counts only where nothing
    else does: a database that starts calls it fatal that somebody connects.

    Args:
        lines: The lines, in time order.
        ready: When each service was ready, in seconds since the epoch; one that never was has
            none.
    """
    early = None
    for place, line in enumerate(lines):
        if not (line.text.startswith(FAILED) if line.note else is_anomaly(line.text)):
            continue
        if line.at >= ready.get(line.service, 0.0):
            return place
        early = place if early is None else early
    return early
