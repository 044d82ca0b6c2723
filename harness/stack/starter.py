"""Starting the containers of one stack, with all that Compose does only at start."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.container import Container, Control
from harness.engine.inject import archive, injections
from harness.errors import EngineRefusedError, HarnessError, PortTakenError, ServiceStartError
from harness.model.project import Service, unescaped
from harness.plan.order import holding_on
from harness.stack.readiness import Readiness
from harness.stack.yard import Yard

# the ways in which engines say that a host port is taken
_TAKEN = ("port is already allocated", "address already in use", "Ports are not available")
_PORT = re.compile(r":(\d+)(?: failed|: bind)")
_PORT_TRIES = 5


class Starter:
    """The containers of one stack, from creation to removal."""

    def __init__(
        self,
        yard: Yard,
        labels: Mapping[str, str],
        gave_up: threading.Event,
        host_ports: Callable[[Service], Sequence[int | None]],
        create_elsewhere: Callable[[Service, list[Service], list[Service]], None],
    ) -> None:
        self.containers: dict[str, list[Container]] = {}
        self._yard = yard
        self._labels = labels
        self._readiness = Readiness(yard.engine, yard.events, yard.timeout, gave_up)
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
        )
        known = {s.name: s for s in services}
        found: dict[str, list[Container]] = {name: [] for name in known}
        for container in self._yard.engine.containers(self._labels):
            snapshot = self._yard.engine.snapshot(container)
            if service := known.get(snapshot.service):
                found[service.name].append(Container(control, service, snapshot))
        for containers in found.values():
            containers.sort(key=lambda c: c.number)
        self.containers.update(found)

    def forget(self) -> None:
        """The containers are gone."""
        self.containers.clear()

    def start(self, name: str, wanted: list[Service]) -> None:
        """Start every container of a service.

        Raises:
            PortTakenError: A host port that must be is somebody else's.
            ServiceStartError: The engine refused, or a hook failed.
        """
        service = self._yard.project.services[name]
        for place in range(len(self.containers[name])):
            self._start_somewhere(service, place, wanted)

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

    def before_removal(self) -> None:
        """Run the ``pre_stop`` hooks of running containers; a failing hook keeps nothing alive."""
        for name, containers in self.containers.items():
            if self._yard.project.services[name].config.get("pre_stop"):
                for container in containers:
                    try:
                        if container.status == "running":
                            self._pre_stop(container.id)
                    except HarnessError:
                        continue

    def _start_somewhere(self, service: Service, place: int, wanted: list[Service]) -> None:
        """Start one container, elsewhere if somebody took the port that the harness chose."""
        for tries in range(_PORT_TRIES):
            try:
                return self._start_one(self.containers[service.name][place])
            except ServiceStartError:
                raise
            except HarnessError as error:
                if not any(words in str(error) for words in _TAKEN):
                    raise ServiceStartError(
                        f"{service.called} could not be started: {error}"
                    ) from None
                if service.fixed or service.replicas > 1 or tries + 1 == _PORT_TRIES:
                    raise PortTakenError(self._taken(service, str(error))) from None
                with self._one_by_one:
                    self._recreate(service, wanted)
        return None

    def _recreate(self, service: Service, wanted: list[Service]) -> None:
        """Replace a service's containers, and those that were made for them: none runs yet."""
        names = holding_on(wanted, service.name)
        affected = [s for s in wanted if s.name in names]
        for container in (c for s in affected for c in self.containers[s.name]):
            self._yard.engine.discard(container.id)
        self._create_elsewhere(service, affected, wanted)
        self.find(affected)

    def _start_one(self, container: Container) -> None:
        service = self._yard.project.services[container.service]
        dotenv = self._yard.project.dotenv.get(service.name, {})
        if files := injections(self._yard.project, service, {**dotenv, **os.environ}):
            self._yard.engine.put(container.id, archive(files))
        self._yard.engine.start(container.id)
        for hook in service.config.get("post_start") or ():
            self._run_hook(container, "post_start", hook)

    def _ready_again(self, container: str) -> None:
        service = self._service_of(container)
        one_shot = service.name in self._yard.project.one_shots
        self._readiness.wait(service, container, one_shot)

    def _pre_stop(self, container: str) -> None:
        service = self._service_of(container)
        for hook in service.config.get("pre_stop") or ():
            for each in self.containers[service.name]:
                if each.id == container:
                    self._run_hook(each, "pre_stop", hook)

    def _service_of(self, container: str) -> Service:
        name = next(n for n, cs in self.containers.items() if any(c.id == container for c in cs))
        return self._yard.project.services[name]

    def _run_hook(self, container: Container, kind: str, hook: Mapping[str, Any]) -> None:
        """Run a lifecycle hook (Compose specification, ``post_start`` and ``pre_stop``)."""
        result = self._yard.engine.exec(
            container.id,
            [unescaped(word) for word in hook["command"]],
            user=hook.get("user") or "",
            workdir=hook.get("working_dir"),
            privileged=bool(hook.get("privileged")),
            environment={
                name: unescaped(value)
                for name, value in (hook.get("environment") or {}).items()
                if value is not None
            },
        )
        if result.exit_code != 0:
            raise ServiceStartError(
                f"the {kind} hook {hook['command']} of service {container.service!r} ended with "
                f"exit code {result.exit_code}: {result.output.strip() or 'it wrote nothing'}"
            )

    def _taken(self, service: Service, refusal: str) -> str:
        found = _PORT.search(refusal)
        port = int(found[1]) if found else 0
        holder = self._yard.engine.holder_of(port) if port else ""
        by = f" by {holder}" if holder else ""
        wanted = f"host port {port}" if port else "a host port"
        return (
            f"{service.called} wants {wanted}, which its compose file fixes "
            f"(x-harness: {{fixed: true}}), but it is taken{by}. Stop what holds it, or remove "
            f"`fixed` and let the harness choose a port. The engine said: {refusal}"
        )
