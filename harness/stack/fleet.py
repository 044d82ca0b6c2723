"""All stacks of this run, and how tests come by them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from harness.errors import HarnessError, UnknownServiceError, nearest
from harness.lease.labels import RUN
from harness.model.fail_on import FailOn
from harness.model.isolation import Isolation
from harness.observe.event import AT_THE_END, Kind
from harness.observe.journal import Journal
from harness.plan.elsewhere import Elsewhere
from harness.plan.lives import Bounds, Life, Rules, Tier, tiers
from harness.plan.need import Environment, Need
from harness.stack.ahead import Ahead, Prepared
from harness.stack.conduct import Conduct
from harness.stack.failures import Failures
from harness.stack.lease import Lease
from harness.stack.longer import LongerLived
from harness.stack.remover import Remover
from harness.stack.stack import Stack
from harness.stack.yard import Yard


@dataclass(frozen=True, slots=True)
class Collected:
    """What the collected tests come to, as far as a fleet wants to know.

    Attributes:
        services: The names of the project's services, as the compose files give them.
        needs: The need of every test that will run, with what its wider fixtures ask for.
    """

    services: Collection[str]
    needs: Callable[[], Iterable[tuple[Need, Bounds]]] = field(default=tuple)


class Fleet:
    """Makes stacks, lends them to tests, and takes them back."""

    def __init__(
        self,
        make_yard: Callable[[], Yard],
        collected: Collected,
        isolation: Isolation = Isolation.FRESH,
        retry_start: bool = False,
        journal: Journal | None = None,
        fail_on: FailOn | None = None,
    ) -> None:
        """Make a fleet of no stacks.

        Args:
            make_yard: Connects to the engine and resolves the project; called when first needed.
            collected: What the tests come to.
            isolation: How far a test's services are its own, unless something nearer says so.
            retry_start: Whether a start that failed is tried again.
            journal: Takes what happens.
            fail_on: What fails a test, where a service says nothing of its own.
        """
        self._fail_on = fail_on or FailOn()
        self.left: list[str] = []
        self.journal = journal or Journal()
        self._make_yard = make_yard
        self._collected = collected
        self._isolation = isolation
        self._failures = Failures(retry_start)
        self._made: Yard | None = None
        self._maker = os.getpid()
        self._rules = Rules(isolation)
        self._graph: Mapping[str, Collection[str]] = {}
        self._numbers = itertools.count(1)
        self._stacks: list[Stack] = []
        self._longer: LongerLived | None = None
        self._remover = Remover(self._forget, self.await_engine)
        self._ahead = Ahead()
        self._awaited: dict[Stack, Future[None]] = {}

    def lease(
        self, need: Need, test: str, bounds: Bounds | None = None, own: bool = False
    ) -> Lease:
        """Return a lease of what a test needs; nothing is started yet."""
        return Lease(self, need, test, bounds, own)

    def yard(self, test: str) -> Yard:
        """Return what stacks are made with.

        Raises:
            HarnessError: No engine, no Compose, or compose files that cannot be used.
        """
        if self._made is None:
            with self._failures.remembered(lambda: "yard", test, outside=True):
                self._made = self._make_yard()
            self._maker = os.getpid()
            services = self._made.project.services.values()
            declared = {s.name: s.isolation for s in services}
            self._rules = Rules(self._isolation, {n: i for n, i in declared.items() if i})
            self._graph = {s.name: [d.service for d in s.dependencies] for s in services}
            self._longer = LongerLived(self._made, self._stacks, self._broken)
        return self._made

    def conduct(self, lease: Lease, may_die: Collection[str], began: float) -> Conduct | None:
        """Begin to watch the services of a test; None where it has none.

        Args:
            lease: The test's services.
            may_die: Those that may die in it.
            began: When it began to ask for them, in seconds since the epoch.
        """
        if self._made is None:
            return None
        return Conduct(self._made, lease, self._fail_on, may_die, began)

    @property
    def is_a_copy(self) -> bool:
        """Whether this process is a fork of the one whose stacks these are."""
        return self._made is not None and self._maker != os.getpid()

    def await_engine(self) -> None:
        """Wait for an engine that went away in the middle of the run.

        Raises:
            EngineUnavailableError: It did not come back.
        """
        if self._made is not None:
            self._made.outage.wait()

    def tiers(
        self, need: Need, bounds: Bounds | None, placed: Mapping[str, Life], test: str
    ) -> Sequence[Tier]:
        """Return what a test needs, by how long it lives, longest first.

        Args:
            need: The need.
            bounds: What wider fixtures ask for; None for services in one stack of their own.
            placed: What the test has already.
            test: Its id.
        """
        order = [s.name for s in self.yard(test).project.closure(need.services)]
        if bounds is None:
            return (Tier(Life.TEST, "", tuple(order), need.services, need.environment),)
        return tiers(order, self._graph, need, self._rules, bounds, placed)

    def stack(self, tier: Tier, elsewhere: Elsewhere, test: str) -> Stack:
        """Return the stack of a tier: a new one, the one prepared, or that of other tests."""
        yard = self.yard(test)
        if tier.life is not Life.TEST:
            assert self._longer is not None
            return self._longer.stack(tier)
        prepared = self._ahead.take(test)
        if prepared is not None:
            if prepared.suits(tier, elsewhere) and prepared.breaks == yard.events.breaks:
                self._awaited[prepared.stack] = prepared.started
                return prepared.stack
            self._do_without(prepared)  # its test turned out to need something else
        return self._new(tier.environment, yard)

    def _new(self, environment: Environment, yard: Yard) -> Stack:
        stack = Stack(
            yard, yard.run.stack_name(Life.RUN - Life.TEST, str(next(self._numbers))), environment
        )
        self._stacks.append(stack)
        return stack

    def start(
        self, stack: Stack, tier: Tier, elsewhere: Elsewhere, test: str, *, joins: bool
    ) -> None:
        """Bring the services of a tier up in its stack, as its isolation says.

        Args:
            stack: The stack.
            tier: The tier.
            elsewhere: What the test's other stacks have.
            test: Its id.
            joins: Whether the test joins what others have used: they may have stopped it.

        Raises:
            HarnessError: It failed, now or before in this run.
        """
        yard = self.yard(test)
        if joins:
            with yard.outage.blamed("while services were looked after"):
                self._long.resets.revive(stack)
        before = {*stack.services}
        if stack in self._awaited or not set(tier.services) <= before:
            with (
                self._failures.remembered(lambda: self._key(tier, yard), test),
                yard.outage.blamed("while services were being started"),
            ):
                self._bring_up(stack, tier, elsewhere, yard)
        if tier.resets:
            resetter = self._long.resets.of(stack)
            if joins:  # else the test may have changed what there is
                resetter.grown({*stack.services} - before)
            resetter.save(tier.resets)

    def _bring_up(self, stack: Stack, tier: Tier, elsewhere: Elsewhere, yard: Yard) -> None:
        yard.check([yard.project.services[name] for name in tier.services])
        if not self._was_started_ahead(stack, elsewhere):
            self._up(stack, tier, elsewhere, yard)

    def _was_started_ahead(self, stack: Stack, elsewhere: Elsewhere) -> bool:
        """Whether a stack was started before its test; waits for that.

        Raises:
            HarnessError: It failed, and not because of what another test may have done.
        """
        if stack not in self._awaited:
            return False
        failed = self._awaited[stack].exception()  # an interrupt here leaves it to be given up
        del self._awaited[stack]
        if failed is None:
            return True
        if not isinstance(failed, HarnessError) or not elsewhere.containers:
            raise failed
        # the test before may have killed a longer-lived service, which runs again by now
        stack.down(volumes=True)
        return False

    def _up(self, stack: Stack, tier: Tier, elsewhere: Elsewhere, yard: Yard) -> None:
        """Bring a tier up, and with it what other tests want of a stack that all share."""
        also = self._also(tier, yard)
        try:
            stack.up(tier.named, elsewhere, also)
        except HarnessError:
            if not also:
                raise
            stack.up(tier.named, elsewhere)  # it may have been one that this test does not want

    def next_tests(self, coming: Collection[str]) -> None:
        """Do without what was started ahead for tests that another worker has taken over."""
        for prepared in self._ahead.passed_over(coming):
            self._do_without(prepared)

    def _do_without(self, prepared: Prepared) -> None:
        self._awaited[prepared.stack] = prepared.started
        self.give_back(prepared.stack)

    def start_ahead(self, need: Need, bounds: Bounds, test: str) -> None:
        """Begin to start what a later test needs, if it is to have a stack of its own.

        Nothing is started that would have to wait for another stack, that uses services whose
        state is still to be put back, or whose images have still to be built or pulled.
        """
        if self._made is None or self.is_a_copy or self._ahead.has(test) or not need:
            return
        yard, elsewhere, own = self._made, Elsewhere(), None
        try:
            for tier in self.tiers(need, bounds, {}, test):
                if tier.life is Life.TEST:
                    own = tier
                elif (stack := self._standing(tier)) is None:
                    return
                else:
                    elsewhere = elsewhere.joined(stack.for_others(tier.services))
            if own is None or not yard.can_start_ahead(own.services, elsewhere):
                return
            if not (self._failures and self._failures.has(self._key(own, yard))):
                self._ahead.start(
                    test, own, elsewhere, self._new(own.environment, yard), yard.events.breaks
                )
        except HarnessError:
            return  # the test itself will run into it, and say so

    def _standing(self, tier: Tier) -> Stack | None:
        """Return a longer-lived tier's stack, if all of it is up and none of it is put back."""
        stack = self._long.known(tier)
        ready = stack is not None and set(tier.services) <= set(stack.services)
        return stack if ready and not tier.resets else None

    @property
    def _long(self) -> LongerLived:
        assert self._longer is not None, "the yard is opened first"
        return self._longer

    def _also(self, tier: Tier, yard: Yard) -> frozenset[str]:
        """Return what else the run's tests want of a stack that they all share."""
        if tier.life is not Life.RUN:
            return frozenset()
        wanted: set[str] = set()
        for need, bounds in self._collected.needs():
            if need.services <= yard.project.services.keys():
                for other in self.tiers(need, bounds, {}, ""):
                    if other.key == tier.key:
                        wanted.update(other.services)
        return frozenset(name for name in wanted if self._passes(name, yard))

    @staticmethod
    def _passes(name: str, yard: Yard) -> bool:
        """Whether a service that no test asked for yet could be started."""
        try:
            yard.check([yard.project.services[name]], tell=False)
        except HarnessError:
            return False
        return True

    def _key(self, tier: Tier, yard: Yard) -> object:
        """Return what makes two starts the same: services, environment and images."""
        services = [yard.project.services[name] for name in tier.services]
        chosen = yard.images.chosen(services)
        images = ((s.name, chosen.get(s.name) or s.image) for s in services)
        return (
            frozenset(tier.services),
            tier.environment,
            frozenset((name, yard.engine.image_id(image)) for name, image in images if image),
        )

    def check_names(self, names: Iterable[str], test: str) -> None:
        """Check that names are services of the project.

        A file that only Compose can include may define what the compose files do not show: then
        the resolved project is asked.

        Raises:
            UnknownServiceError: One is not; the nearest name is offered.
            HarnessError: No engine, no Compose, or compose files that cannot be used.
        """
        for name in sorted(names):
            if name in self._collected.services:
                continue
            known = self.yard(test).project.services
            if name not in known:
                raise UnknownServiceError(
                    f"no compose file defines a service {name!r}. {nearest(name, list(known))}"
                )

    def put_back(self, used: Sequence[tuple[Stack, Tier]]) -> None:
        """Begin to put back the state of services that a test has used.

        Raises:
            HarnessError: That of the test before could not be put back.
        """
        known = [(stack, tier) for stack, tier in used if stack in self._stacks]
        if known:
            self._long.resets.begin(known)

    def settle(self) -> None:
        """Wait until all state is back.

        Raises:
            HarnessError: It could not be put back. The next test gets new services.
        """
        if self._longer:
            self._longer.resets.settle()

    def fixture_begins(
        self, fixture: str, names: Iterable[str], lasts: bool
    ) -> Callable[[], None] | None:
        """A fixture of a wider scope is about to run (see ``Resets.fixture_begins``)."""
        if not self._longer:
            return None
        return self._longer.resets.fixture_begins(fixture, names, lasts)

    def _broken(self, stack: Stack) -> None:
        """Do without a stack that could not be put back; the next one may have its name."""
        self._long.forget(stack)
        self._remover.now(stack)

    def is_shared(self, names: Iterable[str]) -> bool:
        """Whether other processes of the run use any of these services too."""
        stacks = [s for s in self._stacks if self._longer and self._longer.is_common(s)]
        return any({*names} & {*stack.services} for stack in stacks)

    def end(self, life: Life, node: str) -> None:
        """Remove the stacks whose life ends with a class, module or package."""
        for stack in self._longer.ending(life, node) if self._longer else ():
            self._long.forget(stack)
            self.give_back(stack)

    def give_back(self, stack: Stack) -> None:
        """Remove a stack, off the tests' path.

        One that holds what only one stack can have is removed at once, for others wait for it.

        Raises:
            HarnessError: The engine refused something of such a stack. The rest is gone.
        """
        if started := self._awaited.pop(stack, None):
            stack.give_up()
            started.exception()  # nothing is made of it any more
        if stack.takes_turns:
            self._remover.now(stack)
        else:
            self._remover.remove(stack)

    def hold_removals(self) -> None:
        """Have what is given back stay until ``removals_go_on``, to be looked at."""
        self._remover.hold()

    def removals_go_on(self, first: Callable[[], None] | None = None) -> None:
        """Remove what was given back since ``hold_removals``.

        Args:
            first: Done before, off the tests' path.
        """
        self._remover.go_on(first)

    def removed(self) -> list[HarnessError]:
        """Wait until all that was given back is removed; return what the engine refused."""
        return self._remover.wait()

    def _forget(self, stack: Stack) -> None:
        if stack in self._stacks:
            self._stacks.remove(stack)

    def close(self) -> None:
        """Remove every stack that is left, and close what the fleet opened.

        Raises:
            HarnessError: Something could not be removed. The rest is gone.
        """
        refused: list[HarnessError] = []
        try:
            self.settle()
        except HarnessError as error:
            refused.append(error)
        for stack in self._ahead.give_up():
            self._remover.remove(stack)
        if self._made is not None:
            with self.journal.span(Kind.RUN_PHASE, name=AT_THE_END):
                refused += self._close_stacks(self._made)
            self._made.close()
            self._made = None
        self._remover.close()
        if refused:
            raise refused[0]

    def _close_stacks(self, yard: Yard) -> list[HarnessError]:
        self._long.resets.close()
        refused = self._remover.wait()
        with yard.run.leave() as last:
            for stack in [*self._stacks]:
                if self._long.stays(stack) and not (last and not yard.run.is_kept(stack.name)):
                    stack.leave()
                    self._forget(stack)
                else:
                    self._remover.remove(stack)
            refused += self._remover.wait()
            if last:
                self.left = [str(thing) for thing in yard.engine.things({RUN: yard.run.id})]
        return refused
