"""The engine of a run in which some services are swapped: each has the engine that suits it.

An id tells which one that is. What is about all (labels) is asked of both, what is about images,
networks and volumes of the Docker Engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from harness.engine.answers import read_container
from harness.engine.mixed.events import MixedEvents
from harness.engine.process.engine import ProcessEngine
from harness.engine.process.store import Made as MadeProcess
from harness.engine.process.store import is_process
from harness.engine.protocol import (
    Engine,
    ExecResult,
    ExecSession,
    Made,
    Process,
    Say,
    Snapshot,
    Thing,
)
from harness.engine.reach import Reach
from harness.engine.replay import ContainerRequest
from harness.errors import ContainerGoneError
from harness.lease.labels import STACK
from harness.lease.run import Run
from harness.plan.addresses import Address, Ports


class MixedEngine:
    """Containers, and what stands beside them."""

    def __init__(self, docker: Engine, run: Run, tell: Say) -> None:
        """Take the engine of the containers.

        Args:
            docker: The engine.
            run: The run, which this process has joined.
            tell: Shows the user what a process of his own needs.
        """
        self.docker = docker
        self.processes = ProcessEngine(run, tell, self._beside)
        self._stacks: dict[str, str] = {}  # by the ids of their networks

    @property
    def reach(self) -> Reach:
        """How the tests reach what the Docker Engine publishes."""
        return self.docker.reach

    def publish_widely(self) -> None:
        """Publish on every address from now on."""
        self.docker.publish_widely()

    def check(self) -> None:
        """Ask for a sign of life."""
        self.docker.check()

    def clock_ahead(self) -> float:
        """Return how many seconds the Docker Engine's clock is ahead of this machine's."""
        return self.docker.clock_ahead()

    def containers(self, labels: Mapping[str, str]) -> list[str]:
        """Return the ids of all with these labels, running or not."""
        return [*self.docker.containers(labels), *self.processes.containers(labels)]

    def things(self, labels: Mapping[str, str]) -> list[Thing]:
        """Return all with these labels."""
        return [*self.docker.things(labels), *self.processes.things(labels)]

    def made(self, labels: Mapping[str, str]) -> Made:
        """Return all containers, networks and volumes with these labels."""
        return self.docker.made(labels)

    def inspect(self, container: str) -> Mapping[str, Any]:
        """Return all that is known of one."""
        return self._of(container).inspect(container)

    def make_network(self, request: Mapping[str, Any]) -> None:
        """Create a network."""
        self.docker.make_network(request)

    def make_volume(self, request: Mapping[str, Any]) -> None:
        """Create a volume."""
        self.docker.make_volume(request)

    def make_container(self, request: ContainerRequest) -> str:
        """Create a container; return its id."""
        return self.docker.make_container(request)

    def subnets(self) -> list[IPv4Network]:
        """Return the subnets of all networks."""
        return self.docker.subnets()

    def snapshot(self, container: str) -> Snapshot:
        """Look at one."""
        return self._of(container).snapshot(container)

    def start(self, container: str) -> None:
        """Start one that was created or has stopped."""
        self._of(container).start(container)

    def stop(self, container: str) -> None:
        """Stop one with its own signal and grace period."""
        self._of(container).stop(container)

    def kill(self, container: str, signal: str = "SIGKILL") -> None:
        """Send a signal to its first process."""
        self._of(container).kill(container, signal)

    def pause(self, container: str) -> None:
        """Freeze every process of one."""
        self._of(container).pause(container)

    def unpause(self, container: str) -> None:
        """Thaw it."""
        self._of(container).unpause(container)

    def exec(self, container: str, command: Sequence[str], **options: Any) -> ExecResult:
        """Run a command inside a container, or beside a process."""
        return self._of(container).exec(container, command, **options)

    def open_exec(
        self,
        container: str,
        command: Sequence[str],
        user: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> ExecSession:
        """Start a command there, to talk with it until one of both ends."""
        return self._of(container).open_exec(container, command, user, environment)

    def memory_peak(self, container: str) -> int | None:
        """Return the most memory that one has had, in bytes; None where nobody knows."""
        return self._of(container).memory_peak(container)

    def top(self, container: str) -> tuple[Process, ...]:
        """Return the main process, first, and its descendants."""
        return self._of(container).top(container)

    def logs(
        self,
        container: str,
        since: float | None = None,
        tail: int | None = None,
        timestamps: bool = False,
    ) -> str:
        """Return what one wrote, from a time (epoch seconds) on."""
        return self._of(container).logs(container, since, tail, timestamps)

    def watch(self, labels: Mapping[str, str]) -> MixedEvents:
        """Return the events of all with these labels."""
        return MixedEvents(self.docker.watch(labels), self.processes.watch(labels))

    def put(self, container: str, archive: bytes) -> None:
        """Unpack a tar archive into a container's root."""
        self._of(container).put(container, archive)

    def remove(self, labels: Mapping[str, str], volumes: bool = True) -> None:
        """Kill and remove all with these labels."""
        try:
            self.processes.remove(labels, volumes)
        finally:
            self.docker.remove(labels, volumes)

    def discard(self, container: str) -> None:
        """Kill and remove one."""
        self._of(container).discard(container)

    def gateways(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        """Return this machine's address in each network with these labels."""
        return self.docker.gateways(labels)

    def networks(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        """Return the ids of all networks with these labels, by their names in compose files."""
        found = self.docker.networks(labels)
        if stack := labels.get(STACK):
            self._stacks.update(dict.fromkeys(found.values(), stack))
        return found

    def connect(self, network: str, container: str, aliases: Sequence[str]) -> None:
        """Have a stack know something of another one under names.

        Its containers know what is no container by their ``extra_hosts``.
        """
        if stack := self._stacks.get(network):
            self.processes.connect(stack, container, aliases)
        if not is_process(container):
            self.docker.connect(network, container, aliases)

    def remove_volumes(self, labels: Mapping[str, str], names: Iterable[str]) -> None:
        """Remove those of the named volumes that have these labels, and that nobody uses."""
        self.docker.remove_volumes(labels, names)

    def discard_volumes(self, names: Iterable[str]) -> None:
        """Remove volumes by their names."""
        self.docker.discard_volumes(names)

    def holder_of(self, port: int) -> str:
        """Say who holds a host port, as far as that can be known."""
        return self.docker.holder_of(port)

    def has_image(self, image: str) -> bool:
        """Whether the Docker Engine has an image; what is no container has none to miss."""
        return not image or self.docker.has_image(image)

    def image_id(self, image: str) -> str | None:
        """Return an image's id; what is no container has none."""
        return self.docker.image_id(image) if image else None

    def image_tags(self, image: str) -> tuple[str, ...]:
        """Return the names that an image goes by."""
        return self.docker.image_tags(image)

    def remove_image(self, image: str) -> None:
        """Remove an image, or its tag."""
        self.docker.remove_image(image)

    def close(self) -> None:
        """Close the connections, give ports back."""
        try:
            self.processes.close()
        finally:
            self.docker.close()

    def _of(self, container: str) -> Engine:
        return self.processes if is_process(container) else self.docker

    def _beside(self, made: MadeProcess) -> dict[str, Ports]:
        """Return the containers that a process may reach, by the names that they go by."""
        found: dict[str, Ports] = {}
        for id_ in self.docker.containers({STACK: made.stack}):
            raw = self.docker.inspect(id_)
            if read_container(raw).number == 1:
                found.update(dict.fromkeys(_names(raw), self._ports(raw)))
        for name, id_ in self.processes.store.connected(made.stack).items():
            if not is_process(id_):
                try:
                    found.setdefault(name, self._ports(self.docker.inspect(id_)))
                except ContainerGoneError:
                    continue
        return found

    def _ports(self, raw: Mapping[str, Any]) -> Ports:
        """Return where the published TCP ports of a container answer, running or not yet."""
        found: dict[int, Address] = {
            int(port.partition("/")[0]): Address(bound[0]["HostIp"], int(bound[0]["HostPort"]))
            for port, bound in (raw["HostConfig"].get("PortBindings") or {}).items()
            if port.endswith("/tcp") and bound and bound[0].get("HostPort")
        }
        for binding in read_container(raw).bindings:
            if binding.container_port.endswith("/tcp"):
                host = binding.hostname(self.reach.host)
                found[int(binding.container_port.partition("/")[0])] = Address(
                    host, binding.host_port
                )
        return found


def _names(raw: Mapping[str, Any]) -> list[str]:
    """Return the names by which a network knows a container, without its id."""
    joined = (raw["NetworkSettings"].get("Networks") or {}).values()
    names = (name for entry in joined for name in entry.get("Aliases") or ())
    service = read_container(raw).service
    return [*dict.fromkeys([service, *(n for n in names if not raw["Id"].startswith(n))])]
