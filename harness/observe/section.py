"""The section of a failing test's report that is about its services."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harness.observe.findings import Findings
from harness.observe.shorten import Shown, shortened
from harness.observe.state import described
from harness.observe.words import SECTION

if TYPE_CHECKING:
    import pytest

_LINES = 40
_WIDTH = 240
# how a section begins where pytest has none: a report that is text alone
_TEXT_TITLE = f"\n---- {SECTION} ----\n"


def section(findings: Findings, began: float, whole: str) -> str:
    """Return the section's text.

    Args:
        findings: What was found out.
        began: When the test began, in seconds since the epoch: times are told from there.
        whole: Where all that the services wrote is to be read, as a sentence; ``""`` for nowhere.
    """
    parts = [
        "\n".join(findings.verdict),
        "\n".join(findings.chain),
        "\n".join([*_log(findings, began), *filter(None, [whole])]),
        "\n".join(described(findings.states)),
    ]
    return "\n\n".join(filter(None, parts))


def _log(findings: Findings, began: float) -> Iterator[str]:
    """Yield the log, shortened; lines that an error has told already are not told again."""
    anomaly = findings.anomaly
    lines = [line for line in findings.lines if line.note or line.service not in findings.told]
    place = None
    if anomaly is not None and (first := findings.lines[anomaly]) in lines:
        place = lines.index(first)
    if findings.states and not findings.lines:
        yield "They wrote nothing."
    yield from formatted(shortened(lines, place, _LINES), began)


def formatted(lines: Sequence[Shown], began: float, width: int | None = _WIDTH) -> Iterator[str]:
    """Yield lines of a log as text, the first anomaly marked by ``>``.

    Args:
        lines: The lines.
        began: From when their times are told, in seconds since the epoch.
        width: After how many characters lines are cut.
    """
    longest = max((len(shown.line.service) for shown in lines), default=0)
    for shown in lines:
        if shown.skipped:
            yield f"            … {shown.skipped} more line{'s' if shown.skipped > 1 else ''}"
        text = shown.line.text
        if width is not None and len(text) > width:
            text = f"{text[:width]}…"
        more = f"  (and {shown.times - 1} times more)" if shown.times > 1 else ""
        offset = f"{shown.line.at - began:+9.3f}"
        mark = ">" if shown.anomaly else " "
        yield f"{mark}{offset} {shown.line.service:<{longest}} | {text}{more}".rstrip()


def add(report: pytest.TestReport, text: str) -> None:
    """Add the section to a report, where the terminal, ``junit.xml`` and pytest-html all show it.

    Of a report's own sections ``junit.xml`` shows but what was captured; what all three show,
    also when it comes from a worker of xdist, is the text of the failure.
    """
    failure: Any = report.longrepr
    if hasattr(failure, "addsection"):
        failure.addsection(SECTION, text)
    else:  # a doctest's, or a plugin's own
        report.longrepr = f"{failure}\n{_TEXT_TITLE}{text}"


def text_without(report: pytest.TestReport) -> str:
    """Return the text of a failure without the section that was added."""
    failure: Any = report.longrepr
    sections: Iterable[tuple[str, str, str]] = getattr(failure, "sections", ())
    if any(name == SECTION for name, *_ in sections):
        failure = copy.copy(failure)
        failure.sections = [one for one in sections if one[0] != SECTION]
        return str(failure)
    return report.longreprtext.partition(_TEXT_TITLE)[0].rstrip()
