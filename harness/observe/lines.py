"""What services wrote, line by line: read from an engine's answers, merged in time order. Pure."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from harness.masking import MASK

LOG_LINES = 10_000
"""The last lines of each container that are looked at."""

# what a terminal takes for a command: ECMA-48, its eight-bit codes too, and what turns text round
_ANSI = re.compile(r"(?:\x1b\[|\x9b)[\d;?]*[ -/]*[@-~]|\x1b[@-_]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log.

    Attributes:
        at: When it was written, in seconds since the epoch.
        service: Who wrote it.
        text: What, without codes of a terminal.
        note: Whether it is no line of the service's, but what happened to it.
    """

    at: float
    service: str
    text: str
    note: bool = False


def read_log(service: str, log: str, mask: Callable[[str], str]) -> list[Line]:
    """Read a log whose lines begin with their times, and hide what is secret.

    It is masked as a whole: a secret may go over several lines.

    Args:
        service: Who wrote it.
        log: What an engine answers when it is asked with timestamps.
        mask: Returns a text as it may be shown.
    """
    moment = 0.0
    times, texts = [], []
    for raw in log.split("\n"):
        stamp, _, text = raw.partition(" ")
        try:
            moment = datetime.fromisoformat(stamp).timestamp()
        except ValueError:
            if not raw:
                continue
            text = raw  # what is not stamped goes with the line before it
        times.append(moment)
        texts.append(_plain(text))
    shown = masked_lines(texts, mask)
    return [
        Line(at, service, text)
        for at, text in zip(times, shown, strict=True)
        if text is not None and (moment or at)
    ]


def _plain(text: str) -> str:
    return _CONTROL.sub("", _ANSI.sub("", text)).rstrip()


def masked_lines(texts: Sequence[str], mask: Callable[[str], str]) -> list[str | None]:
    """Mask lines together; None stands for one that was a secret's further line.

    Nothing but what the mask has let through comes out.
    """
    shown = mask("\n".join(texts)).split("\n")
    if len(shown) == len(texts):
        return [*shown]
    found: list[str | None] = []
    place = 0
    for text in texts:
        there = place < len(shown) and (shown[place] == text or MASK in shown[place])
        found.append(shown[place] if there else None)
        place += there
    return found


def merged(logs: Iterable[Iterable[Line]]) -> list[Line]:
    """Return the lines of several logs in time order; those of one service keep theirs."""
    return [*heapq.merge(*(_in_order(log) for log in logs), key=lambda line: line.at)]


def _in_order(log: Iterable[Line]) -> list[Line]:
    """Two streams of a container may be stamped a moment apart: sorting is stable."""
    return sorted(log, key=lambda line: line.at)
