"""One closure, running, under a project name of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from harness.container import Container
from harness.errors import ServiceStartError
from harness.lease.labels import stack_labels
from harness.lease.turns import take_turns
from harness.model.project import Service
from harness.plan.keys import needs_compose_start
from harness.plan.need import Need
from harness.plan.order import Step, Task, optional_for_all, start_graph
from harness.plan.stackfile import Choices, stack_document
from harness.plan.subnets import room_wanted
from harness.plan.turns import exclusive
from harness.stack.graph import run_graph
from harness.stack.starter import Starter
from harness.stack.yard import Yard


class Stack:
    """A running closure. Grows when a test asks for more, and goes as a whole."""

    def __init__(self, yard: Yard, name: str, need: Need) -> None:
        self.name = name
        self._yard = yard
        self._environment = {service: dict(variables) for service, variables in need.environment}
        self._labels = stack_labels(yard.run, name)
        self._file = yard.folder / f"{name}.json"
        self._up: dict[str, Service] = {}
        self._ports: dict[str, list[int | None]] = {}
        self._turns = ExitStack()
        self._held: set[str] = set()
        self._gave_up = threading.Event()
        self._starter = Starter(
            yard, self._labels, self._gave_up, self._host_ports, self._create_elsewhere
        )

    @property
    def services(self) -> tuple[str, ...]:
        """The names of the services that are up, dependencies first."""
        return tuple(self._up)

    def containers(self, service: str) -> list[Container]:
        """Return every replica of a service that is up, by number."""
        return self._starter.containers.get(service, []) if service in self._up else []

    def up(self, names: Iterable[str]) -> None:
        """Bring services and their closure up, and wait until all are ready.

        Those that are up already stay as they are.

        Raises:
            HarnessError: Something of the start failed. What was made stays for ``remove``.
        """
        named = frozenset(names)
        wanted = [s for s in self._yard.project.closure(named) if s.name not in self._up]
        if not wanted:
            return
        self._yard.check(wanted)
        self._yard.images.ensure(wanted)
        self._take_turns([*self._up.values(), *wanted])
        for service in wanted:
            self._choose_ports(service)
        self._gave_up.clear()
        file, document = self._write(wanted)
        start = partial(self._starter.start, wanted=wanted)
        creator = self._yard.creator
        if needs_compose_start(wanted):
            creator.prepare(self.name, self._labels, document)
            start = partial(self._starter.start_by_compose, project=self.name, file=file)
        else:
            creator.create(self.name, self._labels, file, document, [s.name for s in wanted])
            self._starter.find(wanted)
        self._start(wanted, named, start)
        self._up.update((s.name, s) for s in wanted)

    def remove(self) -> None:
        """Kill and remove everything of this stack, and give back what it held.

        Raises:
            HarnessError: The engine refused something. The rest is gone.
        """
        try:
            self.down(volumes=True)
        finally:
            self._file.unlink(missing_ok=True)
            for ports in self._ports.values():
                self._yard.claims.release(p for p in ports if p is not None)
            self._ports.clear()
            self._yard.subnets.release(self.name)
            self._turns.close()
            self._held.clear()

    def down(self, volumes: bool) -> None:
        """Kill and remove the containers and networks; the stack can come up again.

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

    def _take_turns(self, services: list[Service]) -> None:
        wanted = [r for r in exclusive(self._yard.project, services) if r not in self._held]
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
                subnets=self._yard.subnets.claim(
                    self.name, room_wanted(self._yard.project, services)
                ),
            ),
        )
        self._file.touch(mode=0o600)
        self._file.write_text(json.dumps(document))
        return self._file, document

    def _start(
        self, wanted: list[Service], named: frozenset[str], start: Callable[[str], None]
    ) -> None:
        """Start each service the moment its conditions hold, and wait until all are ready."""
        optional = optional_for_all([*self._up.values(), *wanted], named | self._up.keys())

        def work(task: Task) -> None:
            try:
                if task.step is Step.START:
                    start(task.service)
                else:
                    self._starter.wait_ready(task.service)
            except ServiceStartError:
                if task.service not in optional:
                    raise

        run_graph(start_graph(wanted), work, self._gave_up)
        self._starter.look_again(s.name for s in wanted if s.name not in optional)
