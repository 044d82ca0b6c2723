"""Arithmetic of stretches of time: unions, differences, lengths. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

Stretch = tuple[float, float]


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return stretches that do not touch and cover the same, in time order."""
    found: list[Stretch] = []
    for begin, end in sorted(stretches):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        elif end > begin:
            found.append((begin, end))
    return found


def minus(whole: Iterable[Stretch], parts: Iterable[Stretch]) -> list[Stretch]:
    """Return what a union covers and another does not."""
    left: list[Stretch] = []
    away = union(parts)
    first = 0  # what ends before a stretch begins does not concern those after it either
    for begin, end in union(whole):
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


def both(one: Iterable[Stretch], other: Iterable[Stretch]) -> list[Stretch]:
    """Return what two unions have in common."""
    whole = union(one)
    return minus(whole, minus(whole, other))


def length(stretches: Iterable[Stretch]) -> float:
    """Return what stretches cover, in seconds."""
    return sum(end - begin for begin, end in union(stretches))
