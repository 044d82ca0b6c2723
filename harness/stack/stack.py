"""Services running side by side, under a project name of their own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from harness.container import Container
from harness.errors import HarnessError, ServiceStartError
from harness.lease.labels import stack_labels
from harness.lease.turns import take_turns
from harness.model.project import Service
from harness.plan.digest import digest
from harness.plan.elsewhere import Elsewhere, aliases, left_for_others
from harness.plan.keys import needs_compose_start
from harness.plan.need import Environment
from harness.plan.order import Step, Task, holding_on, optional_for_all, start_graph
from harness.plan.stackfile import Choices, stack_document
from harness.plan.subnets import room_wanted
from harness.plan.turns import exclusive
from harness.stack.graph import Cancelled, run_graph
from harness.stack.registry import Registry, Standing
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
        self._labels = stack_labels(run or yard.run.id, name)
        self._registry = registry
        self._file = yard.folder / f"{name}.json"
        self._up: dict[str, Service] = {}
        self._ports: dict[str, list[int | None]] = {}
        self._elsewhere = Elsewhere()
        self._turns = ExitStack()
        self._held: set[str] = set()
        if registry is not None:
            yard.creator.expect(name)
        self._gave_up = threading.Event()
        self._abandoned = False
        self._starter = Starter(
            yard, self._labels, self._gave_up, self._host_ports, self._create_elsewhere
        )

    @property
    def services(self) -> tuple[str, ...]:
        """The names of the services that are up, dependencies first."""
        return tuple(self._up)

    @property
    def takes_turns(self) -> bool:
        """Whether it holds something that only one stack can have."""
        return bool(self._held)

    def left_for(self, services: Collection[str]) -> Elsewhere:
        """Return what a stack with a shorter life can use of it.

        Args:
            services: The services that the other's test has here. It may have a service of its
                own of what else runs here; only a network that there is once is everybody's.
        """
        first = {name: self.containers(name)[0].id for name in self._up if self.containers(name)}
        used = {name: id_ for name, id_ in first.items() if name in services}
        return replace(
            left_for_others(self._yard.project, self.name, used),
            networks=left_for_others(self._yard.project, self.name, first).networks,
        )

    def containers(self, service: str) -> list[Container]:
        """Return every replica of a service that is up, by number."""
        return self._starter.containers.get(service, []) if service in self._up else []

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
        with self._alone():
            if standing := self._adopt(wanted):
                wanted = [s for s in wanted if s.name not in standing]
            if not self._missing(named):
                return
            self._prepare(wanted)
            failed = self._start(wanted, named, self._create(wanted))
            self._up.update((s.name, s) for s in wanted if s.name not in failed)
            self._register()

    def replace(self, name: str) -> None:
        """Replace a service's containers by new ones, and the volumes that only it uses.

        Those that were made for its container (``network_mode: service:x``) are replaced too.

        Raises:
            HarnessError: The new one did not start.
        """
        affected = [
            s for s in self._up.values() if s.name in holding_on([*self._up.values()], name)
        ]
        for container in (c for s in affected for c in self.containers(s.name)):
            self._yard.engine.discard(container.id)
        mine = self._yard.project.services[name].volumes
        volumes = left_for_others(self._yard.project, self.name, {name: ""}).volumes
        for volume in mine:
            if volume in volumes:
                self._yard.engine.remove_volume(volumes[volume])
        self._gave_up.clear()
        self._start(affected, frozenset({name}), self._create(affected))

    def answers(self, name: str, within: float) -> bool:
        """Whether a service answers to a real request, not to a connection alone.

        Args:
            name: The service.
            within: Seconds to wait for it.

        Raises:
            HarnessError: It did not in time, or has ended.
        """
        return self._starter.answers(name, within)

    def revive(self) -> None:
        """Start again what has ended or was paused since it was ready: a test may have done it.

        Raises:
            HarnessError: It did not get ready.
        """
        for name in self._up:
            if name not in self._yard.project.one_shots:
                for container in self.containers(name):
                    self._starter.revive(container)

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
            if self._registry:
                self._registry.remove()

    def leave(self) -> None:
        """Give back what this process holds for the stack, which may go on running."""
        self._file.unlink(missing_ok=True)
        self._yard.subnets.release(self.name)
        for ports in self._ports.values():
            self._yard.claims.release(p for p in ports if p is not None)
        self._ports.clear()
        self._turns.close()
        self._held.clear()

    def down(self, volumes: bool) -> None:
        """Remove the containers and networks; the stack can come up again.

        Args:
            volumes: Also remove the named volumes. Those kept go with ``remove``.

        Raises:
            HarnessError: The engine refused something. The rest is gone.
        """
        try:
            self._starter.before_removal()
            self._yard.engine.remove(self._labels, volumes)
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

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._registry is None:
            yield
        else:
            with self._registry.locked():
                yield

    def _adopt(self, wanted: Sequence[Service]) -> frozenset[str]:
        """Take over what other processes of this run have brought up; return the names.

        What an earlier run left is used again if its configuration and image are the same. Its
        readiness is looked at once more; what has changed, and what depends on it, is discarded.
        """
        if self._registry is None:
            return frozenset()
        registered = self._registry.read()
        for service in wanted:
            if service.name in registered and service.name not in self._ports:
                self._ports[service.name] = registered[service.name].ports
        self._starter.find(wanted)
        adopted: set[str] = set()
        discarded: set[str] = set()
        for service in wanted:
            entry = registered.get(service.name)
            found = self._starter.containers[service.name]
            same = entry is not None and entry.digest == self._digest(service)
            if discarded & {d.service for d in service.dependencies} or not same:
                discarded.add(service.name)
                self._ports.pop(service.name, None)
                for container in found:
                    self._yard.engine.discard(container.id)
            elif found and entry and entry.run == self._yard.run.id:
                adopted.add(service.name)
                self._up[service.name] = service
        return frozenset(adopted)

    def _register(self) -> None:
        if self._registry is not None:
            mine = {
                s.name: Standing(self._yard.run.id, self._digest(s), self._ports.get(s.name, []))
                for s in self._up.values()
            }
            self._registry.write({**self._registry.read(), **mine})

    def _digest(self, service: Service) -> str:
        image = self._yard.images.chosen([service]).get(service.name) or service.image
        return digest(
            service, self._environment.get(service.name, {}), self._yard.engine.image_id(image)
        )

    def _prepare(self, wanted: list[Service]) -> None:
        """Have what the services need before they can be created."""
        self._yard.images.ensure(wanted)
        self._take_turns([*self._up.values(), *wanted])
        for service in wanted:
            self._choose_ports(service)
        if self._abandoned:
            raise Cancelled
        self._gave_up.clear()

    def _create(self, wanted: list[Service]) -> Callable[[str], None]:
        """Create containers; return what starts a service."""
        file, document = self._write(wanted)
        names = [s.name for s in wanted]
        if self._yard.faithful:
            self._yard.composer.up_and_wait(self.name, file, names, self._yard.timeout)
        elif needs_compose_start(wanted):
            self._yard.creator.prepare(self.name, self._labels, document)
            return partial(self._starter.start_by_compose, project=self.name, file=file)
        else:
            self._yard.creator.create(self.name, self._labels, file, document, names)
        self._starter.find(wanted)
        self._connect(wanted)
        return partial(self._starter.start, wanted=wanted)

    def _connect(self, wanted: Sequence[Service]) -> None:
        """Connect longer-lived services to this stack's networks, under their names."""
        if not self._elsewhere.containers:
            return
        networks = self._yard.engine.networks(self._labels)
        reached = {d.service for s in wanted for d in s.dependencies}
        for name in sorted(reached & self._elsewhere.containers.keys()):
            service = self._yard.project.services[name]
            for network in service.networks:
                if network in networks:
                    self._yard.engine.connect(
                        networks[network],
                        self._elsewhere.containers[name],
                        aliases(service, wanted, network),
                    )

    def _take_turns(self, services: list[Service]) -> None:
        single = exclusive(self._yard.project, services, self._elsewhere)
        wanted = [r for r in single if r not in self._held]
        self._turns.enter_context(take_turns(wanted, self.name, self._yard.turn_timeout))
        self._held.update(wanted)

    def _choose_ports(self, service: Service) -> None:
        """Claim a host port for each published one; replicas share a spec, so the engine picks."""
        if service.fixed or service.name in self._ports:
            return
        alone = service.replicas == 1
        self._ports[service.name] = [
            self._yard.claims.claim(self._yard.engine.publish_ip) if alone else None
            for _ in service.ports
        ]

    def _host_ports(self, service: Service) -> list[int | None]:
        """Return the host ports of a service, parallel to those that it declares."""
        fixed = [int(p.published) if p.published.isdigit() else None for p in service.ports]
        return self._ports.get(service.name, fixed)

    def _create_elsewhere(
        self, service: Service, affected: list[Service], wanted: list[Service]
    ) -> None:
        """Somebody took a port between our choice and its use: create with other ports."""
        taken = self._ports.pop(service.name)
        self._choose_ports(service)
        self._yard.claims.release(p for p in taken if p is not None)
        written, names = self._write(wanted), [s.name for s in affected]
        self._yard.creator.create(self.name, self._labels, *written, names)

    def _write(self, wanted: list[Service]) -> tuple[Path, dict[str, Any]]:
        services = [*{s.name: s for s in [*self._up.values(), *wanted]}.values()]
        document = stack_document(
            self._yard.project,
            services,
            Choices(
                labels=self._labels,
                host_ip=self._yard.engine.publish_ip,
                ports=self._ports,
                images=self._yard.images.chosen(services),
                environment=self._environment,
                elsewhere=self._elsewhere,
                subnets=self._yard.subnets.claim(self.name, self._room(services)),
            ),
        )
        self._file.touch(mode=0o600)
        self._file.write_text(json.dumps(document))
        return self._file, document

    def _room(self, services: Sequence[Service]) -> dict[str, int]:
        """Return how many containers each network must hold that this stack makes."""
        wanted = room_wanted(self._yard.project, services)
        there = self._elsewhere.networks
        return {name: count for name, count in wanted.items() if name not in there}

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
