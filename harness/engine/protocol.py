"""What the rest of the harness knows of an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Protocol

from harness.engine.reach import Reach
from harness.engine.replay import ContainerRequest

Say = Callable[[str], None]
"""Shows one line of progress to the user."""

_ANY_ADDRESS = {"", "0.0.0.0", "::"}  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True)
class ExecResult:
    """What a command run inside a container came to."""

    exit_code: int
    output: str


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A declared health check; times in seconds (Engine API, ``HealthConfig``)."""

    test: tuple[str, ...]
    interval: float = 30.0
    timeout: float = 30.0
    retries: int = 3
    start_period: float = 0.0

    @property
    def command(self) -> list[str]:
        """The command to run in the container."""
        kind, *rest = self.test
        return ["/bin/sh", "-c", *rest] if kind == "CMD-SHELL" else rest

    @property
    def patience(self) -> float:
        """Seconds after which the engine itself would call the container unhealthy."""
        return self.start_period + self.retries * (self.interval + self.timeout)


@dataclass(frozen=True, slots=True)
class Binding:
    """One published port, as the engine reports it."""

    container_port: str
    host_ip: str
    host_port: int

    def hostname(self, engine: str) -> str:
        """Return the host at which it answers, given that of the engine."""
        return engine if self.host_ip in _ANY_ADDRESS else self.host_ip


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A container as the engine sees it now.

    ``status`` is the engine's own word: created, running, paused, restarting, removing, exited
    or dead. ``started_at`` and ``finished_at`` are the latest start and end, in seconds since the
    epoch, 0 where there was none. ``command`` is the entry point with its arguments,
    ``addresses`` the container's own in its networks, ``memory`` its limit in bytes, 0 for none,
    ``pid`` that of its main process on the engine's machine, 0 where it does not run,
    ``anonymous`` the names of its volumes that have none in a compose file. ``direct`` says that
    no proxy accepts connections in its place, ``scheme`` how HTTP is spoken to it.
    """

    id: str
    name: str
    service: str
    number: int
    status: str
    exit_code: int
    oom_killed: bool
    image: str
    restarts: int
    check: HealthCheck | None
    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    bindings: tuple[Binding, ...] = ()
    command: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    memory: int = 0
    pid: int = 0
    anonymous: tuple[str, ...] = ()
    direct: bool = False
    scheme: str = "http"
    started_at: float = 0.0
    finished_at: float = 0.0

    @property
    def finished(self) -> bool:
        """Whether the container has ended and nothing will start it again.

        Between two restarts the engine says ``restarting``; once it gave up, ``exited``.
        """
        return self.status in {"exited", "dead"}


@dataclass(frozen=True, slots=True)
class Process:
    """A process of a container; the ids are the engine's, not those seen inside."""

    pid: int
    parent: int
    command: str


class ExecSession(Protocol):
    """A command that runs on inside a container; for one caller at a time."""

    @property
    def errors(self) -> bytes:
        """The end of what the command wrote to its standard error since the last ``write``."""

    def write(self, data: bytes) -> None:
        """Write to its standard input; raises ``EOFError`` when it has ended."""

    def read_until(self, sentinel: bytes, timeout: float) -> bytes:
        """Return its standard output up to a sentinel, which is taken away.

        Raises ``EOFError`` when it ended first, ``TimeoutError`` after ``timeout`` seconds.
        """

    def close(self) -> None:
        """Close the streams: the command reads the end of its input."""


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    """Something that happened to a container.

    Attributes:
        container: Its id.
        action: The engine's own word: start, die, oom, health_status, exec_create, ….
        detail: What the engine adds to that word: ``healthy``, or the command of an exec.
        time: When, by the engine's clock, in seconds since the epoch.
        exit_code: Of ``die``: the exit code.
        attributes: The container's name, image and labels, and what belongs to the action.
    """

    container: str
    action: str
    detail: str
    time: float
    exit_code: int | None
    attributes: Mapping[str, str]


AS_OF_NOW = object()


class Events(Protocol):
    """Tells what happens to containers. A question costs no call to the engine."""

    @property
    def breaks(self) -> int:
        """How often the connection was lost: each time the engine may have been restarted."""

    @property
    def lost(self) -> bool:
        """Whether the connection was lost, and is not there again."""

    def last(self, container: str) -> ContainerEvent | None:
        """Return what last changed the state of a container, as far as is known."""

    def wait(
        self, container: str, timeout: float, after: ContainerEvent | object | None = AS_OF_NOW
    ) -> bool:
        """Wait (seconds) until the state of a container changes, or is not as ``after`` left it."""

    def ended(self, container: str) -> bool:
        """Whether a container has died since its last start, as far as is known."""

    def subscribe(self, callback: Callable[[ContainerEvent], None]) -> Callable[[], None]:
        """Have every event told; return what ends that."""

    def close(self) -> None:
        """Stop listening."""


KINDS = ("container", "network", "volume")


@dataclass(frozen=True, slots=True)
class Thing:
    """A container, a network or a volume.

    Attributes:
        kind: Which of the three.
        id: What the engine knows it by.
        name: Its name.
        labels: All its labels.
    """

    kind: str
    id: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Made:
    """What exists of a stack: containers with their ids, networks and volumes, by name."""

    containers: Mapping[str, str] = field(default_factory=dict)
    networks: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()


class Engine(Protocol):
    """Runs the containers of stacks. Every method may raise ``EngineUnavailableError``."""

    @property
    def reach(self) -> Reach:
        """How the tests reach what the engine publishes."""

    def publish_widely(self) -> None:
        """Publish on every address from now on: the narrowest is not the engine's own."""

    def check(self) -> None:
        """Ask for a sign of life on a new connection; raises ``EngineUnavailableError`` in 5 s."""

    def containers(self, labels: Mapping[str, str]) -> list[str]:
        """Return the ids of all containers with these labels, running or not."""

    def things(self, labels: Mapping[str, str]) -> list[Thing]:
        """Return all containers, networks and volumes with these labels, each with its own.

        A label without a value stands for every value.
        """

    def made(self, labels: Mapping[str, str]) -> Made:
        """Return all containers, networks and volumes with these labels."""

    def inspect(self, container: str) -> Mapping[str, Any]:
        """Return all that the engine says of a container, in its own words."""

    def make_network(self, request: Mapping[str, Any]) -> None:
        """Create a network."""

    def make_volume(self, request: Mapping[str, Any]) -> None:
        """Create a volume."""

    def make_container(self, request: ContainerRequest) -> str:
        """Create a container; return its id."""

    def subnets(self) -> list[IPv4Network]:
        """Return the subnets of all networks."""

    def snapshot(self, container: str) -> Snapshot:
        """Look at a container."""

    def start(self, container: str) -> None:
        """Start a created or stopped container."""

    def stop(self, container: str) -> None:
        """Stop a container with its own signal and grace period."""

    def kill(self, container: str, signal: str = "SIGKILL") -> None:
        """Send a signal to a container's first process."""

    def pause(self, container: str) -> None:
        """Freeze every process of a container."""

    def unpause(self, container: str) -> None:
        """Thaw a container."""

    def exec(self, container: str, command: Sequence[str], **options: Any) -> ExecResult:
        """Run a command inside a container. Options are the SDK's ``exec_create``'s."""

    def open_exec(
        self,
        container: str,
        command: Sequence[str],
        user: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> ExecSession:
        """Start a command inside a container, to talk with it until one of both ends."""

    def top(self, container: str) -> tuple[Process, ...]:
        """Return a container's main process, first, and its descendants: nothing exec'ed."""

    def clock_ahead(self) -> float:
        """Return how many seconds the engine's clock is ahead of this machine's."""

    def logs(
        self,
        container: str,
        since: float | None = None,
        tail: int | None = None,
        timestamps: bool = False,
    ) -> str:
        """Return what a container wrote, both streams, from a time (epoch seconds) on.

        With timestamps each line begins with its time and a blank.
        """

    def memory_peak(self, container: str) -> int | None:
        """Return the most memory that a running container had, in bytes; None if not known."""

    def watch(self, labels: Mapping[str, str]) -> Events:
        """Return the events of all containers with these labels; nothing is opened yet."""

    def put(self, container: str, archive: bytes) -> None:
        """Unpack a tar archive into a container's root, also before its start."""

    def remove(self, labels: Mapping[str, str], volumes: bool = True) -> None:
        """Kill and remove all containers, networks and volumes with these labels."""

    def discard(self, container: str) -> None:
        """Kill and remove one container, with its anonymous volumes."""

    def gateways(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        """Return this machine's address in each network with these labels, as ``networks``."""

    def networks(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        """Return the ids of all networks with these labels, by their names in compose files."""

    def connect(self, network: str, container: str, aliases: Sequence[str]) -> None:
        """Connect a container to a network, under names; one that is connected stays so."""

    def remove_volumes(self, labels: Mapping[str, str], names: Iterable[str]) -> None:
        """Remove those of the named volumes that have these labels, and that nobody uses."""

    def discard_volumes(self, names: Iterable[str]) -> None:
        """Remove volumes by their names; those that are gone, or in use, are passed over."""

    def holder_of(self, port: int) -> str:
        """Say who holds a host port, as far as that can be known, else ``""``."""

    def has_image(self, image: str) -> bool:
        """Whether the engine has an image."""

    def image_id(self, image: str) -> str | None:
        """Return an image's id, or None where the engine does not have it."""

    def image_tags(self, image: str) -> tuple[str, ...]:
        """Return the names that an image goes by."""

    def remove_image(self, image: str) -> None:
        """Remove an image, or its tag, if nothing uses it."""

    def close(self) -> None:
        """Close the connections."""


class Composer(Protocol):
    """Resolves compose files and carries out what only Compose can."""

    @property
    def version(self) -> str:
        """The version of Compose, as its labels give it."""

    def create(self, project: str, file: Path, services: Sequence[str]) -> None:
        """Create containers, networks and volumes, and start nothing."""

    def up(self, project: str, file: Path, service: str, timeout: float) -> None:
        """Create and start one service: for stacks with keys that only Compose carries out."""

    def up_and_wait(
        self, project: str, file: Path, services: Sequence[str], timeout: float
    ) -> None:
        """Have Compose create and start services, and wait until they are ready."""

    def build(self, project: str, file: Path, services: Sequence[str], say: Say) -> None:
        """Build the images of services."""

    def pull(self, project: str, file: Path, services: Sequence[str], say: Say) -> None:
        """Pull the images of services."""
