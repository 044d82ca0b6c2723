"""A stack that several processes, or several runs, have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from harness.model.project import Service
from harness.observe.event import Kind
from harness.plan.digest import digest
from harness.stack.holdings import Holdings
from harness.stack.registry import Registry, Standing
from harness.stack.starter import Starter
from harness.stack.yard import Yard


class Common:
    """What others have brought up of a stack is taken over; what is brought up is announced."""

    def __init__(
        self,
        yard: Yard,
        stack: str,
        registry: Registry,
        starter: Starter,
        holdings: Holdings,
        environment: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._yard = yard
        self._stack = stack
        self._registry = registry
        self._starter = starter
        self._holdings = holdings
        self._environment = environment

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only process that changes the stack."""
        with self._registry.locked():
            yield

    def adopt(self, wanted: Sequence[Service]) -> list[Service]:
        """Take over what others have brought up; return the services that are up by that.

        What an earlier run left is used again if its configuration and its image are the same;
        whether it is ready is seen by a start that finds it. What has changed, what was never
        ready, and what depends on these, is discarded.
        """
        registered = self._registry.read()
        for service in wanted:
            if service.name in registered:
                self._holdings.know_ports(service.name, registered[service.name].ports)
        self._starter.find(wanted)
        adopted, discarded = [], set[str]()
        for service in wanted:
            found = registered.get(service.name)
            if self._is_other(service, found) or discarded & {
                d.service for d in service.dependencies
            }:
                discarded.add(service.name)
                self._discard(service)
            elif (
                found and found.run == self._yard.run.id and self._starter.containers[service.name]
            ):
                adopted.append(service)
                self._tell(service)
        return adopted

    def announce(self, services: Iterable[Service]) -> None:
        """Say that services are ready."""
        mine = {
            s.name: Standing(
                self._yard.run.id, self._digest(s), [*self._holdings.ports.get(s.name, ())]
            )
            for s in services
        }
        self._registry.write({**self._registry.read(), **mine})

    def remove(self) -> None:
        """The stack is gone."""
        self._registry.remove()

    def _is_other(self, service: Service, found: Standing | None) -> bool:
        return found is None or found.digest != self._digest(service)

    def _tell(self, service: Service) -> None:
        for container in self._starter.containers[service.name]:
            self._yard.journal.tell(
                Kind.SERVICE_ADOPTED,
                stack=self._stack,
                service=service.name,
                container=container.id,
                name=container.name,
            )

    def _discard(self, service: Service) -> None:
        self._holdings.forget_ports(service.name)
        containers = self._starter.containers[service.name]
        self._yard.watch.asked([c.id for c in containers], "harness")
        for container in containers:
            self._yard.engine.discard(container.id)
        self._starter.containers[service.name] = []

    def _digest(self, service: Service) -> str:
        image = self._yard.images.chosen([service]).get(service.name) or service.image
        return digest(
            service, self._environment.get(service.name, {}), self._yard.engine.image_id(image)
        )
