"""The plot: bars of medians with their spread, as SVG that is readable on light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from bench.stats import Series

_WIDTH, _LEFT, _RIGHT = 760, 250, 90
_BAR, _STEP, _GAP, _TOP = 14, 24, 44, 30
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; }
  .bar { fill: #8c959f; } .ours { fill: #0969da; } .limit { fill: #57606a; }
  .spread { stroke: #24292f; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .bar { fill: #6e7681; } .ours { fill: #4493f8; } .limit { fill: #9198a1; }
    .spread { stroke: #e6edf3; }
  }
"""


def svg(panels: Mapping[str, Mapping[str, Series]]) -> str:
    """Return a plot with a panel for each work: its contestants' seconds, fastest first.

    Args:
        panels: The contestants of each work, by the works' titles.
    """
    parts: list[str] = []
    top = _TOP
    for title, contestants in panels.items():
        parts.append(f'<text class="title" x="0" y="{top}">{escape(title)}, in seconds</text>')
        top += 14
        longest = max(series.high for series in contestants.values())
        for name, series in sorted(contestants.items(), key=lambda entry: entry[1].median):
            parts += _bar(name, series, top, (_WIDTH - _LEFT - _RIGHT) / longest)
            top += _STEP
        top += _GAP
    height = top - _GAP + 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img">\n'
        f"<title>How long it takes: medians, with the smallest and largest value</title>\n"
        f"<style>{_STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _bar(name: str, series: Series, top: int, scale: float) -> list[str]:
    kind = "bar"
    if name.startswith("harness"):
        kind = "bar ours"
    elif name.startswith("bare"):
        kind = "bar limit"
    low, middle, high = (
        _LEFT + value * scale for value in (series.low, series.median, series.high)
    )
    line = top + _BAR / 2
    return [
        f'<text x="{_LEFT - 8}" y="{top + 12}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{kind}" x="{_LEFT}" y="{top}" width="{middle - _LEFT:.1f}" '
        f'height="{_BAR}" rx="2"/>',
        f'<line class="spread" x1="{low:.1f}" x2="{high:.1f}" y1="{line}" y2="{line}"/>',
        f'<text x="{high + 8:.1f}" y="{top + 12}">{series.median:.2f}</text>',
    ]
