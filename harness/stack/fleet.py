"""All stacks of this run, leased to tests."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from harness.container import Container
from harness.errors import HarnessError, StartFailedBeforeError, UnknownServiceError, nearest
from harness.plan.need import Need
from harness.stack.stack import Stack
from harness.stack.yard import Yard


@dataclass(frozen=True, slots=True)
class _Failure:
    test: str
    message: str


class Fleet:
    """Makes stacks, leases them, and takes them back.

    A start that failed is remembered by its closure, environment and images: the next test with
    the same fails at once, so that one broken service does not cost its deadline again and again.
    """

    def __init__(
        self, make_yard: Callable[[], Yard], services: Collection[str], retry_start: bool
    ) -> None:
        """Make a fleet of no stacks.

        Args:
            services: The names of the project's services, as the compose files give them.
            make_yard: Connects to the engine and resolves the project; called when first needed.
            retry_start: Whether a start that failed is tried again.
        """
        self._make_yard = make_yard
        self._services = services
        self._retry_start = retry_start
        self._made: Yard | None = None
        self._yard_failure: _Failure | None = None
        self._failures: dict[object, _Failure] = {}
        self._stacks: list[Stack] = []
        self._numbers = itertools.count(1)

    def lease(self, need: Need, test: str) -> Lease:
        """Return a lease of a stack for what a test needs; nothing is started yet."""
        return Lease(self, need, test)

    def yard(self, test: str) -> Yard:
        """Return what stacks are made with.

        Raises:
            HarnessError: No engine, no Compose, or compose files that cannot be used.
        """
        if self._made is None:
            if self._yard_failure:
                raise _as_in(self._yard_failure)
            try:
                self._made = self._make_yard()
            except HarnessError as error:
                if not self._retry_start:
                    self._yard_failure = _Failure(test, str(error))
                raise
        return self._made

    def new_stack(self, need: Need, test: str) -> Stack:
        """Return a stack in which nothing runs yet."""
        yard = self.yard(test)
        stack = Stack(yard, f"harness-{yard.run}-{next(self._numbers)}", need)
        self._stacks.append(stack)
        return stack

    def start(self, stack: Stack, need: Need, test: str) -> None:
        """Bring the services of a need up in a stack.

        Raises:
            HarnessError: It failed, now or before in this run.
        """
        if self._failures and not self._retry_start:
            failed = self._failures.get(self._key(need, test))
            if failed:
                raise _as_in(failed)
        try:
            stack.up(need.services)
        except HarnessError as error:
            self._failures[self._key(need, test)] = _Failure(test, str(error))
            raise

    def check_names(self, names: Iterable[str], test: str) -> None:
        """Check that names are services of the project.

        A file that only Compose can include may define what the compose files do not show: then
        the resolved project is asked.

        Raises:
            UnknownServiceError: One is not; the nearest name is offered.
            HarnessError: No engine, no Compose, or compose files that cannot be used.
        """
        for name in sorted(names):
            if name in self._services:
                continue
            known = self.yard(test).project.services
            if name not in known:
                raise UnknownServiceError(
                    f"no compose file defines a service {name!r}. {nearest(name, list(known))}"
                )

    def _key(self, need: Need, test: str) -> object:
        yard = self.yard(test)
        closure = yard.project.closure(need.services)
        names = frozenset(s.name for s in closure)
        environment = tuple((s, e) for s, e in need.environment if s in names)
        images = tuple((s.name, yard.images.chosen([s]).get(s.name) or s.image) for s in closure)
        return names, environment, frozenset((n, yard.engine.image_id(i)) for n, i in images if i)

    def give_back(self, stack: Stack) -> None:
        """Remove a stack. One whose removal was interrupted stays listed, for ``close``."""
        try:
            stack.remove()
        except HarnessError:
            self._forget(stack)
            raise
        self._forget(stack)

    def _forget(self, stack: Stack) -> None:
        if stack in self._stacks:
            self._stacks.remove(stack)

    def close(self) -> None:
        """Remove every stack that is left, and close what the fleet opened."""
        refused: HarnessError | None = None
        for stack in [*self._stacks]:
            try:
                self.give_back(stack)
            except HarnessError as error:
                refused = refused or error
        if self._made is not None:
            self._made.close()
            self._made = None
        if refused:
            raise refused


def _as_in(failure: _Failure) -> StartFailedBeforeError:
    return StartFailedBeforeError(
        f"as in {failure.test}: {failure.message}\n"
        f"(not tried again in this run; --harness-retry-start tries each time)"
    )


class Lease:
    """What a test holds: its stack, which grows when it asks for more."""

    def __init__(self, fleet: Fleet, need: Need, test: str) -> None:
        self._fleet = fleet
        self._need = need
        self._test = test
        self._stack: Stack | None = None

    @property
    def need(self) -> Need:
        """What the test needs, as far as is known by now."""
        return self._need

    def up(self, services: Iterable[str] = ()) -> None:
        """Bring up what is needed, and more services if any are named.

        Raises:
            HarnessError: A start failed. A stack that was to be new is gone.
        """
        need = self._need.joined(services)
        self._fleet.check_names(need.services, self._test)
        if not need:
            return
        if joins := self._stack is not None:
            stack = self._stack
        else:
            stack = self._stack = self._fleet.new_stack(need, self._test)
        try:
            self._fleet.start(stack, need, self._test)
        except BaseException:
            if not joins:  # what runs already stays in the test's hands until its end
                self.release()
            raise
        self._need = need  # not sooner: what could not join must not fail what joins later

    def containers(self, service: str) -> list[Container]:
        """Return the containers of a service; one that is not up joins the stack.

        Raises:
            HarnessError: There is no such service, or it cannot be started.
        """
        if self._stack is None or not self._stack.containers(service):
            self.up([service])
        assert self._stack is not None
        return self._stack.containers(service)

    def all_containers(self) -> list[Container]:
        """Return every container of the stack, dependencies first."""
        if self._stack is None:
            return []
        return [c for name in self._stack.services for c in self._stack.containers(name)]

    def down(self, volumes: bool) -> None:
        """Remove containers and networks, and volumes if asked; the lease goes on.

        The next ``up`` brings up what it names, and not what was there before.
        """
        if self._stack is not None:
            self._stack.down(volumes)
            self._need = Need(environment=self._need.environment)

    def release(self) -> None:
        """Give the stack back: everything of it is gone."""
        if self._stack is not None:
            stack, self._stack = self._stack, None
            self._fleet.give_back(stack)
