"""The collected tests: what they need, in which order they run, and which comes next."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
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

    from harness.needs import Needs
    from harness.settings import Settings
    from harness.source import Source


class CollectedTests:
    """What the session knows of its tests before they run."""

    def __init__(self, settings: Settings, source: Source, needs: Needs) -> None:
        """Know of none yet.

        Args:
            settings: What the user chose.
            source: The compose files as written.
            needs: What tests need.
        """
        self.following: pytest.Item | None = None
        self.wider = WiderFixtures(lambda: self.graph, settings.attach)
        self._settings = settings
        self._source = source
        self._needs = needs
        self._items: Sequence[pytest.Item] = ()
        self._shared: dict[object, Hashable] = {}
        self._holders: dict[object, tuple[str, str]] = {}

    @cached_property
    def graph(self) -> Graph:
        """What each service depends on, as the compose files write it."""
        return {s.name: [d.name for d in s.dependencies] for s in self._source.services.values()}

    def finished(self, items: list[pytest.Item]) -> None:
        """Give services' fixtures their scopes, and have tests that share stacks run together."""
        if self._needs.any_from_fixtures:
            self.wider.collected([item for item in items if self._needs.from_fixtures(item)])
        if self._all_fresh(items):
            return
        places = [self._place_of(item) for item in items]
        if any(place.shares is not None for place in places):
            items[:] = [items[i] for i in order_tests(places)]

    def will_run(self, items: Sequence[pytest.Item]) -> None:
        """Take note of the tests that were selected."""
        self._items = items
        self.__dict__.pop("_places", None)

    @cached_property
    def _places(self) -> dict[pytest.Item, int]:
        return {item: place for place, item in enumerate(self._items)}

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
                seen.setdefault((need, bounds.key), (need, bounds))
        return seen.values()

    def _need_of(self, item: pytest.Item) -> Need:
        try:
            return self._needs.of(item)
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
        return not self.wider.any and not self._needs.any_isolation(items)

    def _place_of(self, item: pytest.Item) -> Place:
        """Return where a test stands, and what makes its stacks another test's too."""
        need, bounds = self._need_of(item), self.wider.bounds(item)
        key = need, bounds.key
        if key not in self._shared:
            self._shared[key] = self._shares(need, bounds)
        return Place(*self._stands_in(item), self._shared[key], is_pinned(item))

    def _stands_in(self, item: pytest.Item) -> tuple[str, str]:
        """Return the ids of a test's module, and of its class or else its module."""
        if item.parent not in self._holders:
            module, holder = node(item, Life.MODULE), node(item, Life.CLASS)
            holder = module if holder == item.nodeid else holder
            if item.nodeid in (module, holder):
                return module, holder  # it stands for itself, not for those beside it
            self._holders[item.parent] = module, holder
        return self._holders[item.parent]

    def _shares(self, need: Need, bounds: Bounds) -> Hashable:
        """Return what makes a test's stacks another test's too; None if it shares none."""
        order = closure_of(need.services, self.graph)
        found = tiers(order, self.graph, need, self._rules, bounds)
        return tuple(t.key for t in found if t.life is not Life.TEST) or None
