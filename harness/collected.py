"""The collected tests: what they need, in which order they run, and which comes next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from harness.bridge import is_pinned
from harness.errors import SettingError
from harness.model.isolation import Isolation
from harness.plan.lives import Bounds, Graph, Life, Rules, closure_of, tiers
from harness.plan.need import Need
from harness.plan.ordering import Place, order_tests
from harness.wider import WiderFixtures, node

if TYPE_CHECKING:
    import pytest

    from harness.settings import Settings
    from harness.source import Source


class CollectedTests:
    """What the session knows of its tests before they run."""

    def __init__(
        self, settings: Settings, source: Source, need: Callable[[pytest.Item], Need]
    ) -> None:
        """Know of none yet.

        Args:
            settings: What the user chose.
            source: The compose files as written.
            need: Gives a test's need; may raise ``SettingError``.
        """
        self.following: pytest.Item | None = None
        self.wider = WiderFixtures(lambda: self.graph)
        self._settings = settings
        self._source = source
        self._need = need
        self._items: Sequence[pytest.Item] = ()
        self._places: dict[pytest.Item, int] = {}

    @cached_property
    def graph(self) -> Graph:
        """What each service depends on, as the compose files write it."""
        return {s.name: [d.name for d in s.dependencies] for s in self._source.services.values()}

    def finished(self, items: list[pytest.Item]) -> None:
        """Give services' fixtures their scopes, and have tests that share stacks run together."""
        self.wider.collected(items)
        if self._all_fresh(items):
            return
        places = [self._place_of(item) for item in items]
        if any(place.shares is not None for place in places):
            items[:] = [items[i] for i in order_tests(places)]

    def will_run(self, items: Sequence[pytest.Item]) -> None:
        """Take note of the tests that were selected."""
        self._items = items
        self._places = {item: place for place, item in enumerate(items)}

    def next(self, count: int, worker: str) -> Sequence[pytest.Item]:
        """Return the tests that come next; a worker of xdist knows of one.

        Args:
            count: How many.
            worker: The worker's name, else empty.
        """
        if self.following is None or not count:
            return ()
        place = self._places.get(self.following)
        if place is None or worker:
            return (self.following,)
        return self._items[place : place + count]

    def needs(self) -> Iterable[tuple[Need, Bounds]]:
        """Return the different needs of all tests that will run."""
        seen: dict[object, tuple[Need, Bounds]] = {}
        for item in self._items:
            need, bounds = self._need_of(item), self.wider.bounds(item)
            if need:
                lives = tuple(sorted(bounds.lives.items()))
                seen.setdefault((need, lives, *bounds.nodes.values()), (need, bounds))
        return seen.values()

    def _need_of(self, item: pytest.Item) -> Need:
        try:
            return self._need(item)
        except SettingError:
            return Need()  # told when the test runs

    @cached_property
    def _rules(self) -> Rules:
        """What the compose files say as they are written: a variable may have its value later."""
        declared = {s.name: s.harness.get("isolation") for s in self._source.services.values()}
        return Rules(
            self._settings.isolation,
            {name: Isolation(str(i)) for name, i in declared.items() if i in [*Isolation]},
        )

    def _all_fresh(self, items: Sequence[pytest.Item]) -> bool:
        """Whether no two tests can share a stack, as far as one sees without looking closely."""
        if self._rules.isolation is not Isolation.FRESH or self._rules.declared:
            return False
        return not self.wider.any and all(self._need_of(i).isolation is None for i in items)

    def _place_of(self, item: pytest.Item) -> Place:
        """Return where a test stands, and what makes its stacks another test's too."""
        need, bounds = self._need_of(item), self.wider.bounds(item)
        shares = None
        if need:
            order = closure_of(need.services, self.graph)
            found = tiers(order, self.graph, need, self._rules, bounds)
            shares = tuple(t.key for t in found if t.life is not Life.TEST) or None
        module = node(item, Life.MODULE)
        holder = node(item, Life.CLASS)
        return Place(module, module if holder == item.nodeid else holder, shares, is_pinned(item))
