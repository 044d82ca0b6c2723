"""A container in a test's hands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from harness.errors import ContainerGoneError, DockerConfigurationError, EngineRefusedError

if TYPE_CHECKING:
    from harness.engine.protocol import Binding, Engine, ExecResult, Snapshot
    from harness.model.project import Service

_KILLED = frozenset({"SIGKILL", "KILL", "9"})
# seconds that a container may take to end after SIGKILL, which no process can put off
_KILL_DEADLINE = 10.0


class NetworkInfo(NamedTuple):
    """Where one published port of a container answers.

    Attributes:
        container_port: The port inside the container, as the engine names it: ``"8080/tcp"``.
        hostname: A host that the test can reach.
        host_port: The port there.
    """

    container_port: str
    hostname: str
    host_port: int


class Publisher(Protocol):
    """What has ports: a container, or a process."""

    def unpublished(self, wanted: str) -> DockerConfigurationError:
        """Return the error for something wanted that it does not publish."""


class PublishedPorts(list[NetworkInfo]):
    """A list that says what is missing when an entry is asked for that is not there."""

    def __init__(self, infos: Iterable[NetworkInfo], owner: Publisher | None = None) -> None:
        # dataclasses.asdict() makes a copy from the entries alone
        super().__init__(infos)
        self._owner = owner

    def __getitem__(self, index: Any) -> Any:
        """Return an entry, or several for a slice.

        Raises:
            DockerConfigurationError: There is no such entry.
        """
        try:
            return super().__getitem__(index)
        except IndexError:
            if self._owner is None:
                raise
            raise self._owner.unpublished(f"published port number {index}") from None


@dataclass(frozen=True, slots=True)
class Control:
    """What a container needs of the stack it belongs to."""

    engine: Engine
    start: Callable[[Container], None]
    wait_ready: Callable[[str], None]
    before_stop: Callable[[str], None]
    host_ports: Callable[[Service], Sequence[int | None]]
    asked: Callable[[str], None]


class Container:
    """One container of a service.

    Everything is asked of the engine when it is read, so it is never out of date.

    Attributes:
        id: The engine's id.
        name: Its name.
        number: Which replica of its service it is, from 1 on.
        disturbed: Whether a test has stopped, killed or paused it, and may have left it so.
    """

    def __init__(self, control: Control, service: Service, snapshot: Snapshot) -> None:
        self._control = control
        self._service = service
        self.number: int = snapshot.number
        self.disturbed = False
        self.stands_for(snapshot)

    def stands_for(self, snapshot: Snapshot) -> None:
        """Stand for another container of the service: it was replaced."""
        self.id: str = snapshot.id
        self.name: str = snapshot.name

    def __repr__(self) -> str:
        return f"<Container {self.name} of service {self.service}>"

    def __deepcopy__(self, memo: object) -> Self:
        """Return itself: it stands for a container, which no copy doubles."""
        return self

    @property
    def service(self) -> str:
        """The name of the service in the compose file."""
        return self._service.name

    @property
    def place(self) -> str:
        """Where a compose file defines its service: ``compose/app.yml:2``."""
        return self._service.place or "its compose file"

    @property
    def status(self) -> str:
        """The engine's word: created, running, paused, restarting, exited or dead."""
        return self._look().status

    @property
    def health(self) -> str:
        """What its health check says now: ``healthy``, ``unhealthy`` or ``none``.

        The harness runs the check itself, as it does while it waits; the engine's own verdict
        is as old as its interval.
        """
        check = self._look().check
        if check is None:
            return "none"
        from harness.probe import HealthProbe

        seen = HealthProbe(self._control.engine, self.id, check).run()
        return "healthy" if seen.ready else "unhealthy"

    @property
    def exit_code(self) -> int | None:
        """The exit code of a container that has ended, else None."""
        snapshot = self._look()
        return snapshot.exit_code if snapshot.finished else None

    @property
    def image(self) -> str:
        """The image it runs, as it was named when it was created."""
        return self._look().image

    @property
    def env(self) -> Mapping[str, str]:
        """The container's environment, the image's included."""
        return self._look().env

    @property
    def labels(self) -> Mapping[str, str]:
        """The container's labels."""
        return self._look().labels

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses in the stack's networks; they change when it is restarted."""
        return self._look().addresses

    @property
    def network_info(self) -> list[NetworkInfo]:
        """One entry a published port, in the compose file's order, without duplicates.

        Asking it for an entry that is not there raises ``DockerConfigurationError``.
        """
        place: dict[tuple[str, int | None], int] = {}
        chosen = self._control.host_ports(self._service)
        for index, (port, host_port) in enumerate(zip(self._service.ports, chosen, strict=True)):
            place.setdefault((str(port), host_port), index)
            place.setdefault((str(port), None), index)  # where the engine picked the host port

        def order(binding: Binding) -> int:
            known = place.get((binding.container_port, binding.host_port))
            return place.get((binding.container_port, None), len(place)) if known is None else known

        found = (
            NetworkInfo(
                binding.container_port,
                binding.hostname(self._control.engine.reach.host),
                binding.host_port,
            )
            for binding in sorted(self._look().bindings, key=order)
        )
        return PublishedPorts(dict.fromkeys(found), self)

    def port(self, container_port: int | str) -> int:
        """Return the host port at which a container's port answers.

        Args:
            container_port: A number (TCP), or text such as ``"53/udp"``.

        Raises:
            DockerConfigurationError: The service does not publish it.
        """
        wanted = str(container_port)
        wanted = wanted if "/" in wanted else f"{wanted}/tcp"
        for info in self.network_info:
            if info.container_port == wanted:
                return info.host_port
        raise self.unpublished(f"port {wanted}", wanted.removesuffix("/tcp"))

    def unpublished(self, wanted: str, example: str = "") -> DockerConfigurationError:
        """Return the error for something wanted that is not published, or not now."""
        status = self.status
        if self._service.ports and status != "running":
            return DockerConfigurationError(
                f"wanted {wanted} of service {self.service!r}: its container is {status} now, and "
                f"only a running one publishes its ports. Start it again first."
            )
        published = ", ".join(i.container_port for i in self.network_info) or "no port at all"
        line = f'"{example}"]`' if example else '"8080"]` (the port it listens on)'
        return DockerConfigurationError(
            f"wanted {wanted} of service {self.service!r}, which publishes {published}. "
            f"Add `ports: [{line} to it in {self.place}."
        )

    def logs(self, since: float | datetime | None = None) -> str:
        """Return what the container wrote, both streams.

        Args:
            since: Only what came after: seconds since the epoch, or a datetime. The epoch itself,
                or before, is everything.
        """
        moment = since.timestamp() if isinstance(since, datetime) else since
        if moment is not None and moment <= 0:
            moment = None  # the engine knows no time before the epoch
        with self._there():
            return self._control.engine.logs(self.id, since=moment)

    def exec(
        self,
        command: Sequence[str],
        *,
        user: str = "",
        workdir: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> ExecResult:
        """Run a command inside the container, to its end.

        Args:
            command: Program and arguments; no shell is involved.
            user: The user to run as, else the container's.
            workdir: The directory to run in, else the container's.
            environment: Variables on top of the container's.
        """
        with self._there():
            return self._control.engine.exec(
                self.id, command, user=user, workdir=workdir, environment=environment
            )

    def stop(self) -> None:
        """Stop it as its compose file says: hooks, its own signal, its grace period."""
        self._disturb()
        with self._there():
            self._control.before_stop(self.id)
            self._control.engine.stop(self.id)

    def start(self) -> None:
        """Start it again, run its ``post_start`` hooks, and wait until it is ready.

        Raises:
            ServiceStartError: It died, or did not get ready before its deadline.
        """
        with self._there():
            self._control.start(self)
            self._control.wait_ready(self.id)

    def restart(self) -> None:
        """Stop it, start it, and wait until it is ready; its host ports stay the same.

        Raises:
            ServiceStartError: It died, or did not get ready before its deadline.
        """
        self.stop()
        self.start()

    def kill(self, signal: str = "SIGKILL") -> None:
        """Send a signal to its first process; after SIGKILL, return when it has ended.

        Raises:
            EngineRefusedError: It had not ended 10 s after SIGKILL.
        """
        self._disturb()
        with self._there():
            self._control.engine.kill(self.id, signal)
        if signal in _KILLED:
            self._wait_ended()

    def pause(self) -> None:
        """Freeze every process in it."""
        self._disturb()
        with self._there():
            self._control.engine.pause(self.id)

    def unpause(self) -> None:
        """Thaw it."""
        with self._there():
            self._control.engine.unpause(self.id)

    def _disturb(self) -> None:
        self.disturbed = True
        self._control.asked(self.id)

    def _look(self) -> Snapshot:
        with self._there():
            return self._control.engine.snapshot(self.id)

    @contextmanager
    def _there(self) -> Iterator[None]:
        """Say what may have become of a container that does not exist any more."""
        try:
            yield
        except ContainerGoneError as error:
            raise ContainerGoneError(
                f"container {self.name} of service {self.service!r} ({self.place}) does not exist "
                f"any more: its test is over, docker_project.down() was called, or somebody else "
                f"removed it (`docker rm`, `docker system prune`). Ask while its test runs; a "
                f"fixture of a wider scope takes e.g. module_scoped_container_getter. The engine "
                f"said: {error}"
            ) from None

    def _wait_ended(self) -> None:
        deadline = time.monotonic() + _KILL_DEADLINE
        while (status := self.status) == "running":
            if time.monotonic() > deadline:
                raise EngineRefusedError(
                    f"wanted container {self.name} to end; {_KILL_DEADLINE:g} s after SIGKILL the "
                    f"engine still says {status!r}. Its process may hang in the kernel (a dead "
                    f"network mount?); look at the engine's own log."
                )
            time.sleep(0.005)
