"""Starting the containers of one stack, with all that Compose does only at start."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from harness.container import Container, Control
from harness.engine.answers import SERVICE_LABEL
from harness.engine.inject import archive, injections
from harness.engine.protocol import Snapshot
from harness.engine.reach import is_not_its_own
from harness.errors import (
    ContainerGoneError,
    EngineRefusedError,
    EngineUnavailableError,
    HarnessError,
    PortTakenError,
    ServiceStartError,
    SettingError,
    masked,
)
from harness.model.project import Service
from harness.observe.event import Kind
from harness.plan.order import holding_on
from harness.stack.hooks import run_hooks
from harness.stack.readiness import Readiness
from harness.stack.taken import is_port_taken, told_as_taken
from harness.stack.yard import Yard

_PORT_TRIES = 5
# what says all there is to be said of a start
_TOLD_AS_IT_IS = (
    ServiceStartError,
    ContainerGoneError,
    EngineUnavailableError,
    PortTakenError,
    SettingError,
)
# what the engine calls it when a container stops to answer
_DISTURBING = frozenset({"die", "pause", "destroy"})


class Starter:
    """The containers of one stack, from creation to removal."""

    def __init__(
        self,
        yard: Yard,
        stack: str,
        labels: Mapping[str, str],
        gave_up: threading.Event,
        host_ports: Callable[[Service], Sequence[int | None]],
        create_elsewhere: Callable[[Service, list[Service], list[Service]], None],
    ) -> None:
        self.containers: dict[str, list[Container]] = {}
        self._yard = yard
        self._stack = stack
        self._labels = labels
        self._anonymous: dict[str, tuple[str, ...]] = {}
        self._readiness = Readiness(yard.engine, yard.events, yard.timeout, gave_up, self._looked)
        self._host_ports = host_ports
        self._create_elsewhere = create_elsewhere
        self._one_by_one = threading.Lock()

    def find(self, services: Iterable[Service]) -> None:
        """Find the containers that were created for services."""
        control = Control(
            self._yard.engine,
            self._start_one,
            self._ready_again,
            self._pre_stop,
            self._host_ports,
            lambda container: self._yard.watch.asked([container], "test"),
        )
        known = {s.name: s for s in services}
        # one that a fixture holds goes on standing for its service when its container is replaced
        before = {(c.service, c.number): c for cs in self.containers.values() for c in cs}
        found: dict[str, list[Container]] = {name: [] for name in known}
        for id_ in self._yard.engine.containers(self._labels):
            snapshot = self._yard.engine.snapshot(id_)
            self._anonymous[id_] = snapshot.anonymous
            if service := known.get(snapshot.service):
                container = before.get((service.name, snapshot.number))
                if container:
                    container.stands_for(snapshot)
                found[service.name].append(container or Container(control, service, snapshot))
        for containers in found.values():
            containers.sort(key=lambda c: c.number)
        self.containers.update(found)

    def ids(self) -> list[str]:
        """Return the ids of all containers that were found."""
        return [c.id for containers in self.containers.values() for c in containers]

    def orphans(self) -> list[str]:
        """Return the anonymous volumes of containers that somebody else has removed.

        They have no labels: nobody would find them.
        """
        volumes = {id_: names for id_, names in self._anonymous.items() if names}
        there = self._yard.engine.containers(self._labels) if volumes else ()
        return [name for id_, names in volumes.items() if id_ not in there for name in names]

    def forget(self) -> None:
        """The containers are gone."""
        for container in self.ids():
            self._yard.mains.forget(container)
        self.containers.clear()
        self._anonymous.clear()

    def start(self, name: str, wanted: list[Service]) -> None:
        """Start every container of a service.

        Raises:
            PortTakenError: A host port that must be is somebody else's.
            ServiceStartError: The engine refused, or a hook failed.
        """
        service = self._yard.project.services[name]
        with self._still_there(service, "started"):
            for place in range(len(self.containers[name])):
                self._start_somewhere(service, place, wanted)

    @contextmanager
    def _still_there(self, service: Service, verb: str) -> Iterator[None]:
        """Say of which service something was removed; it was somebody else who did that."""
        try:
            yield
        except ContainerGoneError as error:
            raise ContainerGoneError(
                f"{service.called}: its container, or a network that it needs, was removed while "
                f"it was being {verb}: {error}. The harness did not do that: see what else uses "
                f"this engine (`docker rm`, `docker system prune`, another tool)."
            ) from None

    def start_by_compose(self, name: str, project: str, file: Path) -> None:
        """Have Compose create and start a service: it has keys that only Compose carries out.

        Raises:
            ServiceStartError: Compose refused, or took too long.
        """
        service = self._yard.project.services[name]
        try:
            with self._one_by_one:  # two of them could both make the network
                self._yard.composer.up(project, file, name, self._yard.timeout)
        except EngineRefusedError as error:
            self.find([service])
            logs = "".join(c.logs() for c in self.containers[name])
            raise ServiceStartError(
                f"{service.called} could not be started by Compose: {error}\n{logs}".rstrip()
            ) from None
        self.find([service])

    def wait_ready(self, name: str) -> None:
        """Wait until every container of a service is ready.

        Raises:
            ServiceStartError: One died, or did not get ready before its deadline.
        """
        with self._still_there(self._yard.project.services[name], "waited for"):
            for container in self.containers[name]:
                self._ready_again(container.id)

    def look_again(self, names: Iterable[str]) -> None:
        """Look once more at services that only had to run: nothing of theirs could be probed.

        Raises:
            ServiceDiedError: One has exited in the meantime.
        """
        for name in names:
            service = self._yard.project.services[name]
            one_shot = name in self._yard.project.one_shots
            for container in () if service.ports else self.containers[name]:
                self._readiness.look_again(service, container.id, one_shot)

    def may_have_ended(self, container: Container) -> bool:
        """Whether a container that was ready may not run now, as far as is known without a look."""
        last = self._yard.events.last(container.id)
        return container.disturbed or (last is not None and last.action in _DISTURBING)

    def revive(self, container: Container, *, look: bool) -> bool:
        """Start a container that was ready and has ended since, thaw one that is paused.

        Args:
            container: The container.
            look: Ask the engine, whatever the events have told.

        Returns:
            Whether it is there still: somebody may have removed it.

        Raises:
            ServiceStartError: It did not get ready.
        """
        if not (look or self.may_have_ended(container)):
            return True
        container.disturbed = False
        try:
            snapshot = self._yard.engine.snapshot(container.id)
        except ContainerGoneError:
            return False
        if snapshot.status == "paused":
            self._yard.engine.unpause(container.id)
        elif not snapshot.finished:
            self._yard.watch.runs_on(container.id)
            if look:  # the engine itself may just have started it again
                self._ready_again(container.id)
        elif not self._may_end(container.service, snapshot):
            container.start()
        return True

    def was_replaced(self, service: Service) -> bool:
        """Whether another process has made a service anew; its containers are taken over then."""
        known = {c.id for c in self.containers[service.name]}
        labels = {**self._labels, SERVICE_LABEL: service.name}
        if {*self._yard.engine.containers(labels)} <= known:
            return False
        self.find([service])
        return True

    def is_done(self, name: str) -> bool:
        """Whether every container of a service has ended as it should."""
        return all(self._is_done(container) for container in self.containers[name])

    def _is_done(self, container: Container) -> bool:
        last = self._yard.events.last(container.id)
        if last is not None and last.action != "die":
            return False
        snapshot = self._yard.engine.snapshot(container.id)
        return snapshot.finished and self._may_end(container.service, snapshot)

    def _may_end(self, name: str, snapshot: Snapshot) -> bool:
        """Whether a container has ended as it should: it did what it was there for."""
        service = self._yard.project.services[name]
        one_shot = name in self._yard.project.one_shots
        return self._readiness.may_end(service, snapshot, one_shot)

    def answers(self, name: str, within: float) -> bool:
        """Whether each container of a service answers to a real request.

        Raises:
            ServiceStartError: One does not within so many seconds.
        """
        service = self._yard.project.services[name]
        return all(
            self._readiness.answers(service, container.id, within)
            for container in self.containers[name]
        )

    def before_removal(self) -> None:
        """Run the ``pre_stop`` hooks of running containers, and stop those that want it so.

        What fails keeps nothing alive.
        """
        for name, containers in reversed(self.containers.items()):
            service = self._yard.project.services[name]
            if service.config.get("pre_stop") or service.graceful:
                for container in containers:
                    with suppress(HarnessError):
                        if container.status == "running":
                            self._stop(container, service)

    def _stop(self, container: Container, service: Service) -> None:
        self._pre_stop(container.id)
        if service.graceful:
            self._yard.engine.stop(container.id)

    def _start_somewhere(self, service: Service, place: int, wanted: list[Service]) -> None:
        """Start one container, elsewhere if somebody took the port that the harness chose."""
        for tries in range(_PORT_TRIES):
            try:
                return self._start_one(self.containers[service.name][place])
            except _TOLD_AS_IT_IS:
                raise
            except HarnessError as error:
                if is_not_its_own(str(error)) and self._may_move(service, tries):
                    self._publish_widely(service, wanted)
                    continue
                if not is_port_taken(str(error)):
                    raise ServiceStartError(
                        f"{service.called} could not be started: {error}"
                    ) from None
                if service.fixed or service.replicas > 1 or tries + 1 == _PORT_TRIES:
                    holder_of = self._yard.engine.holder_of
                    raise PortTakenError(told_as_taken(service, str(error), holder_of)) from None
                with self._one_by_one:
                    self._recreate(service, wanted)
        return None

    def _may_move(self, service: Service, tries: int) -> bool:
        return not service.fixed and tries + 1 < _PORT_TRIES

    def _publish_widely(self, service: Service, wanted: list[Service]) -> None:
        """Publish on every address: the engine is not reached by one of its own."""
        self._yard.engine.publish_widely()
        self._yard.warn_once(self._yard.engine.reach.doubt)
        with self._one_by_one:
            self._recreate(service, wanted)

    def _recreate(self, service: Service, wanted: list[Service]) -> None:
        """Replace a service's containers, and those that were made for them: none runs yet."""
        names = holding_on(wanted, service.name)
        affected = [s for s in wanted if s.name in names]
        for container in (c for s in affected for c in self.containers[s.name]):
            self._yard.engine.discard(container.id)
        self._create_elsewhere(service, affected, wanted)
        self.find(affected)

    def _start_one(self, container: Container) -> None:
        if self._yard.engine.snapshot(container.id).status == "running":
            return  # an earlier run kept it: its hooks have run
        service = self._yard.project.services[container.service]
        with self._span(Kind.SERVICE_START, service, container) as told:
            self._start_now(service, container)
            told["ports"] = self._host_ports(service)

    def _span(
        self, kind: Kind, service: Service, container: Container
    ) -> AbstractContextManager[dict[str, Any]]:
        return self._yard.journal.span(
            kind,
            stack=self._stack,
            service=service.name,
            container=container.id,
            name=container.name,
        )

    def _looked(self, service: Service, probe: str, saw: str) -> None:
        self._yard.journal.tell(
            Kind.SERVICE_LOOK, stack=self._stack, service=service.name, probe=probe, saw=masked(saw)
        )

    def _start_now(self, service: Service, container: Container) -> None:
        dotenv = self._yard.project.dotenv.get(service.name, {})
        if files := injections(self._yard.project, service, {**dotenv, **os.environ}):
            self._yard.engine.put(container.id, archive(files))
        self._yard.engine.start(container.id)
        run_hooks(self._yard.engine, container, service, "post_start")

    def _ready_again(self, container: str) -> None:
        found = self._container(container)
        service = self._yard.project.services[found.service]
        one_shot = service.name in self._yard.project.one_shots
        with self._span(Kind.SERVICE_WAIT, service, found):
            self._yard.mains.know(self._readiness.wait(service, container, one_shot))

    def _pre_stop(self, container: str) -> None:
        found = self._container(container)
        service = self._yard.project.services[found.service]
        run_hooks(self._yard.engine, found, service, "pre_stop")

    def _container(self, id_: str) -> Container:
        return next(c for containers in self.containers.values() for c in containers if c.id == id_)
