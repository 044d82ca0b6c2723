"""Arithmetic of stretches of time. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

Interval = tuple[float, float]
"""When something began, and when it ended."""


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Return intervals that cover the same, in order, none touching another."""
    found: list[Interval] = []
    for begin, end in sorted(intervals):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        elif end > begin:
            found.append((begin, end))
    return found


def minus(one: Iterable[Interval], other: Iterable[Interval]) -> list[Interval]:
    """Return what the first covers and the second does not."""
    left: list[Interval] = []
    away = union(other)
    first = 0  # what ends before an interval begins does not concern those after it either
    for begin, end in union(one):
        while first < len(away) and away[first][1] <= begin:
            first += 1
        for cut_begin, cut_end in islice(away, first, None):
            if cut_begin >= end:
                break
            if cut_begin > begin:
                left.append((begin, cut_begin))
            begin = max(begin, cut_end)
        if begin < end:
            left.append((begin, end))
    return left


def both(one: Iterable[Interval], other: Iterable[Interval]) -> list[Interval]:
    """Return what both cover."""
    whole = union(one)
    return minus(whole, minus(whole, other))


def length(intervals: Iterable[Interval]) -> float:
    """Return how much disjoint intervals cover, in seconds."""
    return sum(end - begin for begin, end in intervals)
