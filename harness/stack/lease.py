"""What a test holds: its services, in stacks that live as long as it, or longer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.container import Container
from harness.observe.event import Kind
from harness.plan.elsewhere import Elsewhere
from harness.plan.lives import Bounds, Life, Tier
from harness.plan.need import Need
from harness.stack.aftermath import disturbances, lost_engine

if TYPE_CHECKING:
    from harness.stack.fleet import Fleet
    from harness.stack.stack import Stack


class Lease:
    """The services of one test. They grow when it asks for more."""

    def __init__(
        self, fleet: Fleet, need: Need, test: str, bounds: Bounds | None = None, own: bool = False
    ) -> None:
        """Hold nothing yet.

        Args:
            fleet: Where stacks come from.
            need: What the test needs.
            test: Its id, for messages.
            bounds: What fixtures of a wider scope ask for.
            own: Whether everything is to stand in one stack of its own.
        """
        self._fleet = fleet
        self._need = need
        self._test = test
        self._bounds = None if own else bounds or Bounds()
        self._stacks: dict[object, Stack] = {}
        self._tiers: dict[object, Tier] = {}
        self._where: dict[str, Stack] = {}
        self._placed: dict[str, Life] = {}
        self._breaks = 0
        self._told: dict[str, dict[str, object]] = {}

    @property
    def need(self) -> Need:
        """What the test needs, as far as is known by now."""
        return self._need

    def up(self, services: Iterable[str] = (), at_least: Life = Life.TEST) -> None:
        """Bring up what is needed, and more services if any are named.

        Args:
            services: More services.
            at_least: Only those that live at least as long.

        Raises:
            HarnessError: A start failed. A stack that was to be new is gone.
        """
        need = self._need.joined(services)
        self._fleet.check_names(need.services, self._test)
        if need:
            with self._fleet.journal.span(Kind.TEST_LEASE, test=self._test) as told:
                told["stacks"] = self._told  # filled as the stacks come up
                self._up_with(need, at_least)

    def _up_with(self, need: Need, at_least: Life) -> None:
        self._fleet.await_engine()
        joins = bool(self._where)
        if not joins:
            self._breaks = self._fleet.yard(self._test).events.breaks
        tiers = self._fleet.tiers(need, self._bounds, self._placed, self._test)
        if any(tier.life is not Life.TEST for tier in tiers):
            self._fleet.settle()  # containers may be new ones after that
        try:
            for tier in tiers:
                if tier.life >= at_least:
                    self._up(tier)
        except BaseException:
            if not joins:  # what runs already stays in the test's hands until its end
                self.release()
            raise
        self._need = need  # not sooner: what could not join must not fail what joins later

    def _up(self, tier: Tier) -> None:
        elsewhere = self._elsewhere(tier)
        stack = self._stacks.get(tier.key)
        joins = stack is None and tier.life is not Life.TEST
        if stack is None:
            stack = self._fleet.stack(tier, elsewhere, self._test)
            self._stacks[tier.key] = stack
        self._tiers[tier.key] = tier
        self._told[stack.name] = {
            "services": [*tier.services],
            "life": tier.life.name.lower(),
            "resets": sorted(tier.resets),
        }
        self._fleet.start(stack, tier, elsewhere, self._test, joins=joins)
        for service in tier.services:
            self._where[service] = stack
            self._placed[service] = tier.life

    def _elsewhere(self, tier: Tier) -> Elsewhere:
        """Return what the test's other stacks have that a tier may use."""
        found = Elsewhere()
        for key, stack in self._stacks.items():
            if key != tier.key and self._tiers[key].life >= tier.life:
                found = found.joined(stack.for_others(self._tiers[key].services))
        return found

    def containers(self, service: str) -> list[Container]:
        """Return the containers of a service; one that is not up joins.

        Raises:
            HarnessError: There is no such service, or it cannot be started.
        """
        stack = self._where.get(service)
        if stack is None or not stack.containers(service):
            self.up([service])
            stack = self._where[service]
        return stack.containers(service)

    def all_containers(self) -> list[Container]:
        """Return every container of the test's services, dependencies first."""
        return [c for name, stack in self._where.items() for c in stack.containers(name)]

    def held(self) -> dict[str, Life]:
        """Return the names of the test's stacks, each with how long it lives."""
        return {stack.name: self._tiers[key].life for key, stack in self._stacks.items()}

    def placed(self) -> list[tuple[Container, str]]:
        """Return every container of the test's services with the name of its stack."""
        return [(c, s.name) for name, s in self._where.items() for c in s.containers(name)]

    def lost_engine(self) -> str:
        """Say that the engine went away with these containers, if it did, else ``""``."""
        if not self._where:
            return ""
        return lost_engine(self._fleet.yard(self._test), self._breaks, self.all_containers())

    def disturbances(self) -> list[str]:
        """Say what befell the containers that neither the test nor the harness did."""
        if not self._where:
            return []
        yard = self._fleet.yard(self._test)
        return disturbances(yard, self._breaks, self.all_containers())

    def down(self, volumes: bool) -> None:
        """Remove what is the test's own, volumes only if asked; the lease goes on.

        The next ``up`` brings up what it names, and not what was there before. Services that
        outlive the test stay.
        """
        for key, stack in self._stacks.items():
            if self._tiers[key].life is Life.TEST:
                stack.down(volumes)
        for name in [n for n, life in self._placed.items() if life is Life.TEST]:
            del self._where[name], self._placed[name]
        self._need = Need(environment=self._need.environment)

    def release(self, *, reset: bool = True) -> None:
        """Give everything back: what is the test's own goes.

        Args:
            reset: Whether state that is to be put back is put back: nobody wants it any more
                after the last test.
        """
        stacks, self._stacks = self._stacks, {}
        had = {*self._where.values()}  # a stack that did not come up has no state to put back
        self._where.clear()
        self._placed.clear()
        tiers, self._tiers = self._tiers, {}
        if reset:
            used = [(stacks[k], t) for k, t in tiers.items() if t.resets and stacks[k] in had]
            self._fleet.put_back(used)
        for key, stack in stacks.items():
            if key not in tiers or tiers[key].life is Life.TEST:
                self._fleet.give_back(stack)
