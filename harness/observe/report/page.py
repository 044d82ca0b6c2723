"""The page: the template, its style and its script, and what they show, in one file."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from harness.observe.report.folder import MARK
from harness.observe.report.graph import HEIGHT, WIDTH, graph_of
from harness.observe.report.logs import limited
from harness.observe.report.model import Report
from harness.observe.report.payload import log_payload, packed, payload

_TEMPLATES = Path(__file__).parent / "templates"
# in the order in which they build on each other
_SCRIPTS = ("dom", "data", "rows", "timeline", "zoom", "log", "tests", "services", "search", "main")
LIMIT = 4_500_000
"""Characters of the packets of a page: one of more is slow to send, and to open."""
OUTCOMES = ("failed", "error", "unfinished", "passed", "xfailed", "xpassed", "skipped")


def html(report: Report, limit: int = LIMIT) -> str:
    """Return a report as one page of HTML that needs nothing else.

    Args:
        report: The report.
        limit: How many characters the packets of the page may have.
    """
    environment = Environment(
        loader=PackageLoader("harness.observe.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"duration": duration, "moment": moment}
    script = "\n".join(
        (_TEMPLATES / "script" / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS
    )
    report, data, log = _packets(report, limit)
    return environment.get_template("page.html").render(
        mark=MARK,
        style=(_TEMPLATES / "page.css").read_text(encoding="utf-8"),
        script=script,
        script_hash=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        report=report,
        graph=graph_of(report.services, report.path),
        box=(WIDTH, HEIGHT),
        outcomes=_outcomes(report),
        slowest=max((s.ready.high for s in report.services if s.ready), default=0.0),
        data=data,
        log=log,
    )


def _packets(report: Report, limit: int) -> tuple[Report, str, str]:
    """Return what is shown, and its packets, which are no larger than a page should be.

    Args:
        report: All that there is; of its logs as much as there is room for is shown.
        limit: How many characters the packets may have.
    """
    while True:
        data, log = packed(payload(report)), packed(log_payload(report))
        room = limit - len(data)
        if len(log) <= room or not report.lines:
            return report, data, log
        characters = sum(len(line.text) for line in report.lines)
        report = limited(report, int(characters * 0.95 * max(room, 0) / len(log)))


def _outcomes(report: Report) -> dict[str, int]:
    """Return how many tests came to what, the worst first."""
    counted: Counter[Any] = Counter(test.outcome for test in report.tests)
    return {outcome: counted[outcome] for outcome in OUTCOMES if counted[outcome]}


def duration(seconds: float) -> str:
    """Return a duration as people say it: ``40 ms``, ``3.2 s``, ``2 min 5 s``, ``1 h 2 min``."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def moment(at: float) -> str:
    """Return a moment, in this machine's time: ``2025-11-25 13:00:00 +0100``."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
