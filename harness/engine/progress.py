"""How far a build or a pull is, from the lines that Compose shows. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

# the classic builder: "Step 3/7 : RUN make"
_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")
# BuildKit: "#7 [3/5] RUN make", "#7 [app builder 3/5] RUN make", then "#7 DONE 0.3s"
_VERTEX = re.compile(r"#(\d+) \[(?:(.*) )?(\d+)/(\d+)\] (.*)")
_ENDED = re.compile(r"#(\d+) (?:DONE|CACHED)\b")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something is.

    Attributes:
        done: What is done of it.
        total: All of it, as far as is known by now: more may come.
        unit: What is counted.
        text: What is being done.
    """

    done: int
    total: int
    unit: Literal["steps", "bytes"]
    text: str


class BuildMeter:
    """Reads how far a build is, from the lines of the classic builder or of BuildKit."""

    def __init__(self) -> None:
        """Know of nothing."""
        self._stages: dict[str, int] = {}
        self._under_way: set[str] = set()
        self._done = 0
        self._text = ""

    def take(self, line: str) -> Progress | None:
        """Read a line; return how far the build is, if the line tells."""
        if step := _STEP.match(line):
            return Progress(int(step[1]) - 1, int(step[2]), "steps", step[3])
        if vertex := _VERTEX.match(line):
            number, stage, _, total, self._text = vertex.groups()
            self._stages[stage or ""] = int(total)
            self._under_way.add(number)
        elif (ended := _ENDED.match(line)) and ended[1] in self._under_way:
            self._under_way.discard(ended[1])
            self._done += 1
        else:
            return None
        total = sum(self._stages.values())
        return Progress(min(self._done, total), total, "steps", self._text)


class PullMeter:
    """Reads how far a pull is, from the lines of ``docker compose --progress json pull``."""

    def __init__(self) -> None:
        """Know of nothing."""
        self._done: dict[str, int] = {}
        self._total: dict[str, int] = {}

    def take(self, line: str) -> Progress | None:
        """Read a line; return how far the pull is, if the line tells."""
        told = _parsed(line)
        if "parent_id" not in told:
            return None
        layer, text = str(told.get("id")), str(told.get("text", ""))
        if text == "Downloading" and told.get("total"):
            self._total[layer] = int(told["total"])
            self._done[layer] = int(told.get("current", 0))
        elif text in {"Download complete", "Extracting", "Pull complete"}:
            self._done[layer] = self._total.setdefault(layer, int(told.get("total", 0)))
        else:
            return None
        done, total = sum(self._done.values()), sum(self._total.values())
        return Progress(done, total, "bytes", "extracting" if done == total else "")


def plain_lines(line: str) -> Iterator[str]:
    """Yield a line of ``--progress json`` as ``--progress plain`` has it; others as they are."""
    told = _parsed(line)
    if "message" in told:
        yield from str(told["message"]).splitlines()
    elif "msg" in told:
        yield f"level={told.get('level', '')} {told['msg']}"
    elif "id" in told:
        words = (told["id"], told.get("text", ""), told.get("details", ""))
        yield " " + " ".join(str(word) for word in words if word)
    else:
        yield line


def _parsed(line: str) -> dict[str, Any]:
    """Return what a line of JSON says; nothing if it is none."""
    if not line.startswith("{"):
        return {}
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
