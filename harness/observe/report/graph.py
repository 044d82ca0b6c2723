"""The dependency graph as a drawing: where each service stands, and how each line runs. Pure.

The usual way for such graphs (Sugiyama's): a service stands in the column after the last that it
depends on; a line that passes a column has a place there; each column is ordered so that lines
cross seldom, by the mean place of the neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from harness.observe.report.model import CriticalPath, ServiceTold

WIDTH, HEIGHT = 168, 46
_GAP_X, _GAP_Y, _MARGIN = 52, 14, 8
_PASSING = 16  # the height of a line's place in a column that it passes
_SWEEPS = 8


@dataclass(frozen=True, slots=True)
class Node:
    """A service, and the upper left corner of its box."""

    service: ServiceTold
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Edge:
    """A dependency: from what is needed, to what needs it.

    Attributes:
        source: What is needed.
        target: What needs it.
        condition: On which condition.
        path: The line, as SVG writes it.
        critical: Whether it is on the critical path.
    """

    source: str
    target: str
    condition: str
    path: str
    critical: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """A drawing, with its size."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in a column: of a service, or of a line from it to ``to`` that passes."""

    column: int
    service: str
    to: str = ""


_Chain = Sequence[_Place]  # the places of a line, from what is needed to what needs it
_At = Mapping[_Place, tuple[float, float]]


def graph_of(services: Sequence[ServiceTold], path: CriticalPath) -> Graph:
    """Return the drawing of services and what they depend on."""
    by_name = {service.name: service for service in services}
    needs = {s.name: [n for n in s.depends_on if n in by_name] for s in services}
    depth: dict[str, int] = {}
    for name in needs:
        _depth(name, needs, depth)
    chains = [_chain(a, b, depth) for b in sorted(needs) for a in needs[b]]
    places = [*(_Place(depth[name], name) for name in sorted(needs))]
    places += [place for chain in chains for place in chain[1:-1]]
    at, width, height = _placed(_ordered(places, chains))
    steps = set(pairwise(path.services))
    return Graph(
        tuple(Node(by_name[p.service], x, y) for p, (x, y) in at.items() if not p.to),
        tuple(_edge(chain, at, by_name, steps) for chain in chains),
        width,
        height,
    )


def _edge(
    chain: _Chain, at: _At, services: Mapping[str, ServiceTold], steps: Collection[object]
) -> Edge:
    source, target = chain[0].service, chain[-1].service
    condition = services[target].depends_on[source]
    return Edge(source, target, condition, _line(chain, at), (source, target) in steps)


def _depth(name: str, needs: Mapping[str, Iterable[str]], depth: dict[str, int]) -> int:
    if name not in depth:
        depth[name] = 0  # a circle, which Compose refuses, must not hang us
        depth[name] = max((_depth(n, needs, depth) + 1 for n in needs[name]), default=0)
    return depth[name]


def _chain(source: str, target: str, depth: Mapping[str, int]) -> _Chain:
    first, last = depth[source], depth[target]
    passed = [_Place(column, source, target) for column in range(first + 1, last)]
    return [_Place(first, source), *passed, _Place(last, target)]


def _ordered(places: Iterable[_Place], chains: Iterable[_Chain]) -> list[list[_Place]]:
    """Return the places of each column, ordered by where their neighbours are."""
    columns: defaultdict[int, list[_Place]] = defaultdict(list)
    for place in places:
        columns[place.column].append(place)
    neighbours: defaultdict[_Place, list[_Place]] = defaultdict(list)
    for chain in chains:
        for one, other in pairwise(chain):
            neighbours[one].append(other)
            neighbours[other].append(one)
    for sweep in range(_SWEEPS):
        for column in sorted(columns, reverse=sweep % 2 == 1):
            rank = {p: i / len(own) for own in columns.values() for i, p in enumerate(own)}
            side = 1 if sweep % 2 else -1
            columns[column].sort(
                key=lambda place: fmean(
                    [rank[n] for n in neighbours[place] if n.column == place.column + side]
                    or [rank[place]]
                )
            )
    return [columns[column] for column in sorted(columns)]


def _placed(columns: Sequence[Sequence[_Place]]) -> tuple[_At, float, float]:
    """Return the upper left corner of each place, and the size of the whole."""
    heights = [
        sum((_PASSING if place.to else HEIGHT) + _GAP_Y for place in column) - _GAP_Y
        for column in columns
    ]
    whole = max(heights, default=0)
    at: dict[_Place, tuple[float, float]] = {}
    for number, (column, height) in enumerate(zip(columns, heights, strict=True)):
        x, y = _MARGIN + number * (WIDTH + _GAP_X), _MARGIN + (whole - height) / 2
        for place in column:
            at[place] = x, y
            y += (_PASSING if place.to else HEIGHT) + _GAP_Y
    width = len(columns) * (WIDTH + _GAP_X) - _GAP_X + 2 * _MARGIN
    return at, max(width, 0), whole + 2 * _MARGIN


def _line(chain: _Chain, at: _At) -> str:
    """Return the line from the right side of the first to the left side of the last."""
    x, y = at[chain[0]]
    x, y = x + WIDTH, y + HEIGHT / 2
    drawn = f"M{x:.0f} {y:.0f}"
    for place in chain[1:]:
        to_x, to_y = at[place]
        to_y += (_PASSING if place.to else HEIGHT) / 2
        middle = (x + to_x) / 2
        drawn += f"C{middle:.0f} {y:.0f} {middle:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}"
        x, y = to_x, to_y
        if place.to:
            x += WIDTH
            drawn += f"H{x:.0f}"
    return drawn
