"""What a test holds: its services, in stacks that live as long as it, or longer."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.container import Container
from harness.errors import (
    EngineUnavailableError,
    HarnessError,
    ServiceStateError,
    StartFailedBeforeError,
)
from harness.observe.event import Kind
from harness.observe.evidence import Evidence, Statement, Witness
from harness.observe.lines import Line, merged
from harness.plan.digest import environment_digest
from harness.plan.elsewhere import Elsewhere
from harness.plan.lives import Bounds, Life, Tier
from harness.plan.need import Need
from harness.stack.aftermath import disturbances, lost_engine
from harness.stack.endings import notice_end
from harness.stack.statements import logged, statements

if TYPE_CHECKING:
    from harness.stack.fleet import Fleet
    from harness.stack.stack import Stack


@dataclass(frozen=True, slots=True)
class _FailedStart:
    """A start that failed: with what, and what was known of it before it was removed."""

    error: HarnessError
    wanted: frozenset[str]
    found: tuple[Statement, ...]


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
        self._shared = own
        self._began = time.time()
        self._stacks: dict[object, Stack] = {}
        self._tiers: dict[object, Tier] = {}
        self._where: dict[str, Stack] = {}
        self._placed: dict[str, Life] = {}
        self._breaks = 0
        self._told: dict[str, dict[str, object]] = {}
        self._had: list[Witness] = []
        self._failed: _FailedStart | None = None

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
        self._check_process()
        need = self._need.joined(services)
        self._fleet.check_names(need.services, self._test)
        if need:
            with self._fleet.journal.span(Kind.TEST_LEASE, test=self._test) as told:
                told["stacks"] = self._told = {}  # filled as the stacks come up
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
        except BaseException as error:
            if isinstance(error, HarnessError):
                self._remember(error, need, gone=not joins)
            if not joins:  # what runs already stays in the test's hands until its end
                self.release()
            raise
        self._need = need  # not sooner: what could not join must not fail what joins later

    def _check_process(self) -> None:
        if self._fleet.is_a_copy:
            raise ServiceStateError(
                f"wanted services for {self._test} in process {os.getpid()}, a child that a test "
                f"has forked: they are started by its parent alone. Have the child end by "
                f"os._exit(), whatever happens in it, or it goes on with the tests as well."
            )

    def _up(self, tier: Tier) -> None:
        elsewhere = self._elsewhere(tier)
        stack = self._stacks.get(tier.key)
        joins = stack is None and tier.life is not Life.TEST
        if stack is None:
            stack = self._fleet.stack(tier, elsewhere, self._test)
            self._stacks[tier.key] = stack
        self._tiers[tier.key] = tier
        told = self._told[stack.name] = {
            "services": [*tier.services],
            "life": tier.life.name.lower(),
            "resets": sorted(tier.resets),
            "environment": environment_digest(tier.environment),
        }
        began = time.monotonic()
        self._fleet.start(stack, tier, elsewhere, self._test, joins=joins)
        told["took"] = round(time.monotonic() - began, 6)
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

    def _remember(self, error: HarnessError, need: Need, *, gone: bool) -> None:
        """Remember a start that failed, and ask the engine about it if it is about to be gone."""
        if isinstance(error, StartFailedBeforeError | EngineUnavailableError):
            return
        witnesses = self.witnesses() if gone else []
        yard = self._fleet.yard(self._test) if witnesses else None
        found = statements(yard, witnesses, self._began) if yard else []
        self._failed = _FailedStart(error, need.services, tuple(found))

    def witnesses(self) -> list[Witness]:
        """Return the containers that the test has, or had until it gave them back."""
        return [w for key in self._stacks for w in self._witnesses(key)] or self._had

    def _witnesses(self, key: object) -> Iterable[Witness]:
        stack, tier = self._stacks[key], self._tiers[key]
        containers = [c for c in stack.found() if c.service in tier.services]
        services = [c.service for c in containers]
        for c in containers:
            several = services.count(c.service) > 1
            yield Witness(
                c.id,
                c.name,
                f"{c.service}-{c.number}" if several else c.service,
                c.service,
                stack.name,
                tier.life is Life.TEST and not self._shared,
            )

    def evidence(
        self, since: float, raised: BaseException | None, known: Collection[str]
    ) -> Evidence:
        """Return what there is to be known of these services, for a test that has failed.

        Args:
            since: When the test began, in seconds since the epoch.
            raised: What it has failed with.
            known: The ids of containers that need not be asked about.
        """
        failed = self._failed if self._failed and self._failed.error is raised else None
        wanted, error = (failed.wanted, str(failed.error)) if failed else (frozenset[str](), "")
        if failed and not self._where:
            return Evidence(failed.found, (), wanted, error)
        told = self.disturbances()
        witnesses = [w for w in self.witnesses() if w.container not in known]
        if not witnesses:
            return Evidence((), told, wanted, error)
        yard = self._fleet.yard(self._test)
        lost = yard.outage.suspected or yard.events.breaks != self._breaks
        if not lost:
            for container, stack in self.placed():
                notice_end(yard, container, stack)
        found = [] if yard.outage.suspected else statements(yard, witnesses, since)
        return Evidence(found, told, wanted, error, lost)

    def logs(self, since: float, until: float, tail: int) -> list[Line]:
        """Return what these services wrote in a time.

        Args:
            since: From when on, in seconds since the epoch.
            until: Until when.
            tail: How many lines of each container are enough: the last ones.
        """
        witnesses = self.witnesses()
        if not witnesses:
            return []
        yard = self._fleet.yard(self._test)
        lines = merged(logged(yard, witness, since, tail) for witness in witnesses)
        return [line for line in lines if line.at <= until]

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
        if self._fleet.is_a_copy:
            return
        self._had = self.witnesses()
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
