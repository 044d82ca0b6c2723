"""What was measured, as a table, as JSON, and in the documentation."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.bars import Line
from bench.stats import Series
from bench.work import Result

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


def machine(engine: str, compose: str) -> dict[str, str]:
    """Describe what it ran on."""
    return {
        "processors": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "engine": engine,
        "compose": compose,
    }


def number(value: float, unit: str) -> str:
    """Return a value with its unit."""
    if unit == "s":
        return f"{value:.2f} s"
    return f"{value:.1f} {unit}"


def lines_table(results: Iterable[Result]) -> str:
    """Return the bars as a Markdown table."""
    rows = [
        "| work | median | middle half | compared | bar | |",
        "|---|---|---|---|---|---|",
    ]
    rows += [_row(line) for result in results for line in result.lines]
    return "\n".join(rows)


def _row(line: Line) -> str:
    measured = number(line.measured.median, line.unit) if line.measured else "-"
    spread = _between(*line.measured.quartiles, line.unit) if line.measured else line.why_not
    held = (
        "{:.2f} x ({:.2f} to {:.2f})".format(line.held.median, *line.held.quartiles)
        if line.held
        else ""
    )
    return f"| {line.what} | {measured} | {spread} | {held} | {line.bar} | {line.verdict} |"


def _between(low: float, high: float, unit: str) -> str:
    return f"{number(low, unit).split()[0]} to {number(high, unit)}"


def contestants_table(title: str, result: Result) -> str:
    """Return what the contestants of one work took, as a Markdown table."""
    rows = [f"**{title}**", "", "| | median | spread | removal |", "|---|---|---|---|"]
    for name, series in result.measured.took.items():
        removal = result.measured.removal.get(name)
        gone = number(removal.median, "s") if removal and removal.median else ""
        spread = _between(series.low, series.high, result.unit)
        rows.append(f"| {name} | {number(series.median, result.unit)} | {spread} | {gone} |")
    rows += [f"| {name} | - | {why} | |" for name, why in result.measured.missing.items()]
    if result.notes:
        rows += ["", *result.notes]
    return "\n".join(rows)


def as_json(
    results: Mapping[str, Result], where: Mapping[str, str], peers: Mapping[str, str]
) -> str:
    """Return everything that was measured."""
    return json.dumps(
        {
            "machine": dict(where),
            "peers": dict(peers),
            "works": {name: _work_json(result) for name, result in results.items()},
        },
        indent=1,
    )


def _work_json(result: Result) -> dict[str, Any]:
    measured = result.measured
    return {
        "unit": result.unit,
        "took": {name: _rounded(series) for name, series in measured.took.items()},
        "removal": {name: _rounded(s) for name, s in measured.removal.items() if any(s.values)},
        "missing": measured.missing,
        "notes": list(result.notes),
        "bars": [
            {
                "what": line.what,
                "bar": line.bar,
                "limit": line.limit,
                "unit": line.unit,
                "measured": _rounded(line.measured),
                "held": _rounded(line.held),
                "verdict": line.verdict,
                "why_not": line.why_not,
            }
            for line in result.lines
        ],
    }


def _rounded(series: Series | None) -> list[float] | None:
    return [round(value, 4) for value in series.values] if series else None


def rewrite(page: Path, block: str) -> None:
    """Replace what stands between the markers of a page.

    Raises:
        ValueError: The page has no such markers.
    """
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no {BEGIN} … {END}")
    page.write_text(f"{before}{BEGIN}\n{block}\n{END}{after}")
