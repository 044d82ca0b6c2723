"""Arithmetic of stretches of time. Pure."""

from __future__ import annotations

from collections.abc import Iterable

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
    left = union(one)
    for c, d in union(other):
        left = [
            (begin, end)
            for a, b in left
            for begin, end in ((a, min(b, c)), (max(a, d), b))
            if begin < end
        ]
    return left


def length(intervals: Iterable[Interval]) -> float:
    """Return how much disjoint intervals cover, in seconds."""
    return sum(end - begin for begin, end in intervals)
