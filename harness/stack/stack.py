"""Services running side by side, under a project name of their own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from harness.container import Container
from harness.errors import HarnessError, ServiceStartError
from harness.lease.labels import stack_labels
from harness.model.project import Service
from harness.observe.event import Kind
from harness.plan.elsewhere import Elsewhere, aliases, left_for_others
from harness.plan.keys import needs_compose_start
from harness.plan.need import Environment
from harness.plan.order import Step, Task, holding_on, optional_for_all, start_graph
from harness.plan.stackfile import Choices, stack_document
from harness.stack.common import Common
from harness.stack.graph import Cancelled, run_graph
from harness.stack.holdings import Holdings
from harness.stack.registry import Registry
from harness.stack.starter import Starter
from harness.stack.yard import Yard


class Stack:
    """Running services. Grows when a test asks for more, and goes as a whole."""

    def __init__(
        self,
        yard: Yard,
        name: str,
        environment: Environment = (),
        run: str = "",
        registry: Registry | None = None,
    ) -> None:
        """Make a stack in which nothing runs yet.

        Args:
            yard: What stacks are made with.
            name: Its project name.
            environment: What services get on top of their own variables.
            run: The run that its labels name, if it is not this one alone.
            registry: For a stack that other processes use too.
        """
        self.name = name
        self._yard = yard
        self._environment = {service: dict(variables) for service, variables in environment}
        self._identity = stack_labels(run or yard.run.id, name)
        owned = yard.run.ownership(name, common=registry is not None)
        self._labels = {**self._identity, **owned.labels()}
        self._file = yard.folder / f"{name}.json"
        self._up: dict[str, Service] = {}
        self._elsewhere = Elsewhere()
        self._holdings = Holdings(yard, name)
        self._breaks = yard.events.breaks
        self._gave_up = threading.Event()
        self._abandoned = False
        self._starter = Starter(
            yard,
            name,
            self._identity,
            self._gave_up,
            self._holdings.host_ports,
            self._create_elsewhere,
        )
        self._common: Common | None = None
        if registry is not None:
            yard.creator.expect(name)
            self._common = Common(
                yard, name, registry, self._starter, self._holdings, self._environment
            )

    @property
    def services(self) -> tuple[str, ...]:
        """The names of the services that are up, dependencies first."""
        return tuple(self._up)

    @property
    def takes_turns(self) -> bool:
        """Whether it holds something that only one stack can have."""
        return self._holdings.takes_turns

    def for_others(self, names: Iterable[str]) -> Elsewhere:
        """Return what a stack with a shorter life can use of it.

        Args:
            names: The services that the other's test has here. It may have a service of its own
                of what else runs here; only a network that there is once is everybody's.
        """
        first = {name: self.containers(name)[0].id for name in self._up if self.containers(name)}
        wanted = {*names}
        used = {name: id_ for name, id_ in first.items() if name in wanted}
        return replace(
            left_for_others(self._yard.project, self.name, used),
            networks=left_for_others(self._yard.project, self.name, first).networks,
        )

    def containers(self, service: str) -> list[Container]:
        """Return every replica of a service that is up, by number."""
        return self._starter.containers.get(service, []) if service in self._up else []

    def found(self) -> list[Container]:
        """Return every container that was made, also of services that are not up."""
        return [c for containers in self._starter.containers.values() for c in containers]

    def up(
        self,
        names: Iterable[str],
        elsewhere: Elsewhere | None = None,
        also: Collection[str] = (),
    ) -> None:
        """Bring services and their closure up, and wait until all are ready.

        Those that are up already stay as they are.

        Args:
            names: The services wanted.
            elsewhere: What longer-lived stacks have: it is used, and not started again.
            also: Services that may as well be started now; nobody fails with them.

        Raises:
            HarnessError: Something of the start failed. What was made stays for ``remove``.
        """
        named = frozenset(names)
        self._elsewhere = elsewhere or Elsewhere()
        wanted = self._missing(named)
        if not wanted:
            return
        if also:
            wanted = self._with_images(wanted, self._missing(named | frozenset(also)))
        if self._common is None:
            self._bring_up(wanted, named)
        else:
            self._bring_up_with_others(self._common, wanted, named)

    def _bring_up_with_others(
        self, common: Common, wanted: list[Service], named: frozenset[str]
    ) -> None:
        """Bring up what no other process has, while none changes the stack."""
        self._yard.images.ensure(wanted)  # what is adopted must run the image as it is now
        with common.alone():
            adopted = common.adopt(wanted)
            self._up.update((s.name, s) for s in adopted)
            if self._missing(named):
                self._bring_up([s for s in wanted if s not in adopted], named)
            common.announce(self._up.values())

    def _bring_up(self, wanted: list[Service], named: frozenset[str]) -> None:
        self._prepare(wanted)
        failed = self._start(wanted, named, self._created(wanted))
        self._up.update((s.name, s) for s in wanted if s.name not in failed)

    def replace(self, name: str) -> dict[str, str]:
        """Replace a service's containers by new ones, and the volumes that only it uses.

        Those that were made for its container (``network_mode: service:x``) are replaced too.

        Returns:
            The ids of the new containers, by those that they replace.

        Raises:
            HarnessError: The new one did not start.
        """
        with self._alone():
            return self._replace(name)

    def _replace(self, name: str) -> dict[str, str]:
        up = [*self._up.values()]
        names = holding_on(up, name)
        affected = [s for s in up if s.name in names]
        containers = [c for s in affected for c in self.containers(s.name)]
        before = {container: container.id for container in containers}
        if self._common and self._starter.was_replaced(self._yard.project.services[name]):
            return {before[container]: container.id for container in containers}
        self._yard.watch.asked(before.values(), "harness")
        for container in containers:
            self._yard.engine.discard(container.id)
        volumes = left_for_others(self._yard.project, self.name, {name: ""}).volumes
        self._yard.engine.remove_volumes(self._identity, volumes.values())
        self._gave_up.clear()
        self._start(affected, frozenset({name}), self._created(affected))
        return {before[container]: container.id for container in containers}

    def renewed(self, containers: Mapping[str, str]) -> None:
        """Use the new containers of longer-lived stacks instead of those that they replace.

        Args:
            containers: The ids of the new ones, by those of the old ones.
        """
        there = self._elsewhere.containers
        if not containers.keys() & {*there.values()}:
            return
        now = {name: containers.get(id_, id_) for name, id_ in there.items()}
        self._elsewhere = replace(self._elsewhere, containers=now)
        self._connect([*self._up.values()])

    def answers(self, name: str, within: float) -> bool:
        """Whether a service answers to a real request, not to a connection alone.

        Args:
            name: The service.
            within: Seconds to wait for it.

        Raises:
            HarnessError: It did not in time, or has ended.
        """
        return self._starter.answers(name, within)

    def is_done(self, name: str) -> bool:
        """Whether a service has ended as it should."""
        return self._starter.is_done(name)

    def revive(self) -> list[str]:
        """Start again what has ended or was paused since it was ready.

        A test may have done it, or an engine that was restarted.

        Returns:
            The services whose containers are gone: somebody removed them.

        Raises:
            HarnessError: It did not get ready.
        """
        breaks = self._yard.events.breaks
        look = breaks != self._breaks  # an engine that was restarted has told nothing
        names = [name for name in self._up if name not in self._yard.project.one_shots]
        containers = [c for name in names for c in self.containers(name)]
        # two processes that start the same one would start it twice
        alone = look or any(map(self._starter.may_have_ended, containers))
        with self._alone() if alone else nullcontext():
            gone = [name for name in names if not self._revived(name, look)]
        self._breaks = breaks
        return gone

    def _revived(self, name: str, look: bool) -> bool:
        return all(self._starter.revive(c, look=look) for c in self.containers(name))

    def _alone(self) -> AbstractContextManager[None]:
        """Be the only process that changes the stack."""
        return self._common.alone() if self._common else nullcontext()

    def give_up(self) -> None:
        """Have a start that is under way in another thread end soon."""
        self._abandoned = True
        self._gave_up.set()

    def remove(self) -> None:
        """Stop and remove everything of this stack, and give back what it held.

        Raises:
            HarnessError: The engine refused something. The rest is gone.
        """
        try:
            self.down(volumes=True)
        finally:
            self.leave()
            if self._common:
                self._common.remove()

    def leave(self) -> None:
        """Give back what this process holds for the stack, which may go on running."""
        self._file.unlink(missing_ok=True)
        self._holdings.release()

    def down(self, volumes: bool) -> None:
        """Remove the containers and networks; the stack can come up again.

        Args:
            volumes: Also remove the named volumes. Those kept go with ``remove``.

        Raises:
            HarnessError: The engine refused something. The rest is gone.
        """
        try:
            with (
                self._yard.journal.span(Kind.STACK_REMOVE, stack=self.name),
                self._yard.outage.blamed("while services were being removed"),
            ):
                self._yard.watch.asked(self._starter.ids(), "harness")
                self._starter.before_removal()
                orphans = self._starter.orphans()
                self._yard.engine.remove(self._identity, volumes)
                self._yard.engine.discard_volumes(orphans)
        finally:
            self._up.clear()
            self._starter.forget()

    def _with_images(self, asked: list[Service], more: list[Service]) -> list[Service]:
        """Return more services than were asked for, if their images can be had."""
        try:
            self._yard.images.ensure(more)
        except HarnessError:
            return asked
        return more

    def _missing(self, names: Iterable[str]) -> list[Service]:
        """Return the closure without what is up, here or elsewhere."""
        there = self._elsewhere.containers
        closure = self._yard.project.closure(n for n in names if n not in there)
        return [s for s in closure if s.name not in self._up and s.name not in there]

    def _prepare(self, wanted: list[Service]) -> None:
        """Have what the services need before they can be created."""
        self._yard.run.ensure_watched()
        self._yard.images.ensure(wanted)
        self._holdings.take_turns([*self._up.values(), *wanted], self._elsewhere)
        for service in wanted:
            self._holdings.choose_ports(service)
        if self._abandoned:
            raise Cancelled
        self._gave_up.clear()

    def _created(self, wanted: list[Service]) -> Callable[[str], None]:
        names = [service.name for service in wanted]
        with self._yard.journal.span(Kind.STACK_CREATE, stack=self.name, services=names):
            return self._create(wanted)

    def _create(self, wanted: list[Service]) -> Callable[[str], None]:
        """Create containers; return what starts a service."""
        file, document = self._write(wanted)
        creator, names = self._yard.creator, [s.name for s in wanted]
        if self._yard.faithful:
            creator.prepare(self.name, self._labels, document)
            self._connect(wanted)
            self._yard.composer.up_and_wait(self.name, file, names, self._yard.timeout)
            self._starter.find(wanted)
            return lambda _: None
        if needs_compose_start(wanted):
            creator.prepare(self.name, self._labels, document)
            self._connect(wanted)
            return partial(self._starter.start_by_compose, project=self.name, file=file)
        there = self._elsewhere.containers
        creator.create(self.name, self._labels, file, document, names, there)
        self._starter.find(wanted)
        self._connect(wanted)
        return partial(self._starter.start, wanted=wanted)

    def _connect(self, wanted: Sequence[Service]) -> None:
        """Connect longer-lived services to this stack's networks, under their names."""
        if not self._elsewhere.containers:
            return
        networks = self._yard.engine.networks(self._identity)
        for name in sorted(self._elsewhere.containers):
            service = self._yard.project.services[name]
            for network in service.networks:
                if network in networks:
                    self._yard.engine.connect(
                        networks[network],
                        self._elsewhere.containers[name],
                        aliases(service, wanted, network),
                    )

    def _create_elsewhere(
        self, service: Service, affected: list[Service], wanted: list[Service]
    ) -> None:
        """Somebody took a port between our choice and its use: create with other ports."""
        self._holdings.other_ports(service)
        written, names = self._write(wanted), [s.name for s in affected]
        there = self._elsewhere.containers
        self._yard.creator.create(self.name, self._labels, *written, names, there)

    def _write(self, wanted: list[Service]) -> tuple[Path, dict[str, Any]]:
        services = [*{s.name: s for s in [*self._up.values(), *wanted]}.values()]
        document = stack_document(
            self._yard.project,
            services,
            Choices(
                labels=self._labels,
                host_ip=self._yard.engine.reach.publish_ip,
                ports=self._holdings.ports,
                images=self._yard.images.chosen(services),
                environment=self._environment,
                elsewhere=self._elsewhere,
                subnets=self._holdings.subnets(services, self._elsewhere),
            ),
        )
        self._file.touch(mode=0o600)
        self._file.write_text(json.dumps(document))
        return self._file, document

    def _start(
        self, wanted: list[Service], named: frozenset[str], start: Callable[[str], None]
    ) -> frozenset[str]:
        """Start each service the moment its conditions hold, and wait until all are ready.

        Returns:
            Those that failed, of those that nobody asked for yet.
        """
        closure = self._yard.project.closure(n for n in named if n in self._yard.project.services)
        asked = {s.name for s in closure}
        optional = optional_for_all(closure, named | self._up.keys())
        failed: set[str] = set()

        def work(task: Task) -> None:
            needs = {d.service for d in self._yard.project.services[task.service].required}
            if task.service not in asked and failed & {task.service, *needs}:
                failed.add(task.service)
                return
            try:
                if task.step is Step.START:
                    start(task.service)
                else:
                    self._starter.wait_ready(task.service)
            except ServiceStartError:
                if task.service in asked - optional:
                    raise
                failed.add(task.service)
            except HarnessError:
                if task.service in asked:
                    raise
                failed.add(task.service)

        run_graph(start_graph(wanted), work, self._gave_up)
        self._starter.look_again(s.name for s in wanted if s.name in asked - optional)
        return frozenset(failed - asked)
