"""What the page's script reads: the model as small JSON, compressed. Pure.

A test of many lines is mostly text that says the same again and again: compressed it takes a
fifth. Browsers unpack it themselves (``DecompressionStream``). Moments are whole milliseconds.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64encode
from itertools import pairwise
from typing import Any

from harness.observe.report.model import Bar, Group, Lane, Phase, Report, StackLife, TestTold

PHASES = [*Phase]

_ANSI = re.compile(r"\x1b\[[\d;?]*[ -/]*[@-~]")


def packed(data: Any) -> str:
    """Return data as JSON, deflated, in base64: it can stand in a page, whatever it holds."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
    return b64encode(zlib.compress(text.encode(errors="replace"))).decode()


def payload(report: Report) -> dict[str, Any]:
    """Return everything but the log's lines."""
    return {
        "phases": PHASES,
        "runs": [
            {"id": run.id, "took": _ms(run.took), "began": _ms(run.began), "ended": run.ended}
            for run in report.runs
        ],
        "services": [service.name for service in report.services],
        "tests": [_test(test) for test in report.tests],
        "groups": [_group(group) for group in report.groups],
    }


def log_payload(report: Report) -> dict[str, Any]:
    """Return the log's lines, a column each; moments as steps from line to line."""
    services = {service.name: number for number, service in enumerate(report.services)}
    for line in report.lines:
        services.setdefault(line.service, len(services))
    moments = [0, *(_ms(line.at) for line in report.lines)]
    return {
        "services": [*services],
        "steps": [later - sooner for sooner, later in pairwise(moments)],
        "service": [services[line.service] for line in report.lines],
        "marked": [number for number, line in enumerate(report.lines) if line.mark],
        "text": "\n".join(_plain(line.text) for line in report.lines),
    }


def _plain(text: str) -> str:
    """Return a line without the codes by which a terminal shows colours, and really in one line."""
    return " ".join(_ANSI.sub("", text).splitlines())


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _test(test: TestTold) -> dict[str, Any]:
    told = {
        "run": test.run,
        "id": test.id,
        "place": test.place,
        "worker": test.worker,
        "outcome": test.outcome,
        "isolation": test.isolation,
        "begin": _ms(test.begin),
        "end": _ms(test.end),
        "leases": [[_ms(begin), _ms(end)] for begin, end in test.leases],
        "phases": {name: _ms(seconds) for name, seconds in test.phases.items()},
        "stacks": {
            name: {key: stack[key] for key in ("services", "life", "resets") if stack.get(key)}
            for name, stack in test.stacks.items()
        },
        "message": test.message,
        "text": test.text,
        "verdict": test.verdict,
        "log": [number for range_ in test.log for number in range_],
        "cut": test.cut,
        "state": test.state,
    }
    return {key: value for key, value in told.items() if value not in ("", 0, (), [], {})}


def _group(group: Group) -> dict[str, Any]:
    return {
        "run": group.run,
        "worker": group.worker,
        "tests": group.tests,
        "lanes": [_lane(lane) for lane in group.lanes],
    }


def _lane(lane: Lane) -> dict[str, Any]:
    places = {label: number for number, label in enumerate(lane.labels)}
    return {
        "labels": lane.labels,
        "services": [
            next(r.service for s in lane.stacks for r in s.rows if r.label == label)
            for label in lane.labels
        ],
        "stacks": [_stack(stack, places) for stack in lane.stacks],
    }


def _stack(stack: StackLife, places: dict[str, int]) -> dict[str, Any]:
    return {
        "name": stack.name,
        "begin": _ms(stack.begin),
        "end": _ms(stack.end),
        "life": stack.life,
        "uses": [[_ms(begin), _ms(end), test] for begin, end, test in stack.uses],
        "rows": [
            [
                places[row.label],
                [_bar(bar) for bar in row.bars],
                [[_ms(mark.at), mark.text] for mark in row.marks],
            ]
            for row in stack.rows
        ],
    }


def _bar(bar: Bar) -> list[Any]:
    told = [PHASES.index(bar.phase), _ms(bar.begin), _ms(bar.end)]
    return [*told, bar.note] if bar.note else told
