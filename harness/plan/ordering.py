"""The order of tests that share stacks: those of one stack follow each other."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Place:
    """Where a test stands, and which stacks it shares.

    Attributes:
        module: The part of its id before the first ``::``.
        holder: Its class, or its module.
        shares: What makes its shared stacks the same as another test's; None if it shares none.
        pinned: Whether pytest has ordered it by a parameter of a wider fixture.
    """

    module: str
    holder: str
    shares: Hashable | None = None
    pinned: bool = False


def order_tests(places: Sequence[Place]) -> list[int]:
    """Return the tests' positions in the order in which to run them.

    Modules stay whole, so that their fixtures are set up once, and so do classes. Among them,
    and among the tests of one class or module, those with the same stacks come together, in the
    order in which pytest would have come to the first of them. A test that shares nothing stays
    behind the one before it. The same tests give the same order in every process.
    """
    return _ordered([*range(len(places))], places, ("module", "holder"))


def _ordered(tests: list[int], places: Sequence[Place], levels: Sequence[str]) -> list[int]:
    """Order tests that may change places, in blocks of each level."""
    if any(places[i].pinned for i in tests):
        return tests
    if levels:
        blocks = [
            _ordered([*block], places, levels[1:])
            for _, block in groupby(tests, key=lambda i: getattr(places[i], levels[0]))
        ]
    else:
        blocks = [[i] for i in tests]
    return [i for block in _together(blocks, places) for i in block]


def _together(blocks: Sequence[list[int]], places: Sequence[Place]) -> list[list[int]]:
    """Sort blocks by where what they share appears first; one that shares nothing stays behind."""
    first: dict[Hashable, int] = {}
    ranks, rank = [], 0
    for position, block in enumerate(blocks):
        shared = (places[i].shares for i in block if places[i].shares is not None)
        key = next(shared, None)
        rank = rank if key is None else first.setdefault(key, position)
        ranks.append(rank)
    return [blocks[i] for i in sorted(range(len(blocks)), key=ranks.__getitem__)]
