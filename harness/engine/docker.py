"""The Docker Engine over its API (the ``docker`` SDK)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from harness.engine import memory
from harness.engine.answers import moment, process_tree, read_container
from harness.engine.client import connect, resolved
from harness.engine.client import translated as _translated
from harness.engine.events import EventStream
from harness.engine.exec_session import DockerExecSession
from harness.engine.finding import label_filter
from harness.engine.inside import own_container
from harness.engine.making import Making
from harness.engine.networks import Networks
from harness.engine.protocol import ExecResult, Process, Snapshot
from harness.engine.reach import Reach, Seat, reach_of, widened
from harness.errors import ContainerGoneError, HarnessError
from harness.lease.labels import STACK

if TYPE_CHECKING:
    from docker import APIClient

_SIGN_OF_LIFE = 5  # seconds for an engine to answer at all
_AT_ONCE = 8  # stacks


class DockerEngine(Making, Networks):
    """A Docker Engine: local, or remote."""

    def __init__(self) -> None:
        self._client, named = connect()
        addresses = resolved(named) if named else []
        self._reach = reach_of(named, addresses, own_container(self._client))

    @property
    def reach(self) -> Reach:
        """How the tests reach what this engine publishes."""
        return self._reach

    def publish_widely(self) -> None:
        """Publish on every address from now on: the narrowest is not the engine's own."""
        self._reach = widened(self._reach)

    @property
    def client(self) -> APIClient:
        """The SDK's low-level client, for what the protocol does not offer."""
        return self._client

    def check(self) -> None:
        """Ask the engine for a sign of life, over a connection of its own.

        One that is shutting down takes no new connections, and answers nonsense on old ones.
        """
        client: Any = self._client
        client.close()  # drops the idle connections; the next call opens another
        with _translated():
            client._result(client._get(client._url("/_ping"), timeout=_SIGN_OF_LIFE))

    def clock_ahead(self) -> float:
        """Ask an engine that is elsewhere for its time (``GET /info``)."""
        if self._reach.seat is not Seat.ELSEWHERE:
            return 0.0
        with _translated():
            asked = time.time()
            told = moment(self._client.info()["SystemTime"])
            return told - (asked + time.time()) / 2

    def containers(self, labels: Mapping[str, str]) -> list[str]:
        """Return the ids of all containers with these labels."""
        with _translated():
            found = self._client.containers(all=True, filters=label_filter(labels))
        return [entry["Id"] for entry in found]

    def snapshot(self, container: str) -> Snapshot:
        """Look at a container."""
        with _translated():
            return read_container(self._client.inspect_container(container))

    def start(self, container: str) -> None:
        """Start a container."""
        with _translated():
            self._client.start(container)

    def stop(self, container: str) -> None:
        """Stop a container with its own signal and grace period."""
        with _translated():
            grace = self._client.inspect_container(container)["Config"].get("StopTimeout")
            self._client.stop(container, timeout=10 if grace is None else grace)

    def kill(self, container: str, signal: str = "SIGKILL") -> None:
        """Send a signal."""
        with _translated():
            self._client.kill(container, signal)

    def pause(self, container: str) -> None:
        """Freeze a container."""
        with _translated():
            self._client.pause(container)

    def unpause(self, container: str) -> None:
        """Thaw a container."""
        with _translated():
            self._client.unpause(container)

    def exec(self, container: str, command: Sequence[str], **options: Any) -> ExecResult:
        """Run a command inside a container."""
        with _translated():
            created = self._client.exec_create(container, list(command), **options)
            output = self._client.exec_start(created["Id"])
            code = self._client.exec_inspect(created["Id"])["ExitCode"]
        return ExecResult(-1 if code is None else code, output.decode(errors="replace"))

    def open_exec(
        self,
        container: str,
        command: Sequence[str],
        user: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> DockerExecSession:
        """Start a command inside a container, to talk with it."""
        with _translated():
            return DockerExecSession(self._client, container, command, user, environment)

    def top(self, container: str) -> tuple[Process, ...]:
        """Return a container's main process, first, and its descendants."""
        with _translated():
            main = self._client.inspect_container(container)["State"]["Pid"]
            return process_tree(self._client.top(container), main)

    def logs(
        self,
        container: str,
        since: float | None = None,
        tail: int | None = None,
        timestamps: bool = False,
    ) -> str:
        """Return what a container wrote."""
        with _translated():
            raw = self._client.logs(
                container,
                since=since,
                tail="all" if tail is None else tail,
                timestamps=timestamps,
            )
        text: str = raw.decode(errors="replace")
        return text

    def memory_peak(self, container: str) -> int | None:
        """Return the most memory that a running container had, in bytes; None if not known."""
        with _translated():
            return memory.peak(self._client, container, self._reach.seat)

    def watch(self, labels: Mapping[str, str]) -> EventStream:
        """Return the events of all containers with these labels.

        The SDK reads them with no timeout, on a connection that no other call can get.
        """
        filters = {"type": "container", **label_filter(labels)}
        return EventStream(
            lambda since: self._client.events(since=since, filters=filters, decode=True)
        )

    def put(self, container: str, archive: bytes) -> None:
        """Unpack a tar archive into a container's root."""
        with _translated():
            self._client.put_archive(container, "/", archive)

    def remove(self, labels: Mapping[str, str], volumes: bool = True) -> None:
        """Kill and remove containers, then networks, then volumes.

        All are tried, whatever happens to one; the first refusal is raised at the end.
        """
        refused = self._remove_containers(labels)
        for network in self._networks(labels):
            refused += self._tried(lambda n=network: self._remove_network(n))
        if volumes:
            for volume in self._volumes(labels):
                refused += self._tried(lambda v=volume: self._client.remove_volume(v, force=True))
        if refused:
            raise refused[0]

    def _remove_containers(self, labels: Mapping[str, str]) -> list[HarnessError]:
        """Remove the containers of several stacks side by side, those of one after each other.

        The engine counts a network's endpoints, and not right if several go at the same moment:
        then the network is in use for ever (https://github.com/moby/moby/issues/42119; measured
        on Engine 20.10: 2 of 42 networks with 20 containers, eight removed at a time).
        """
        stacks: dict[str, list[str]] = {}
        for thing in self.things(labels):
            if thing.kind == "container":
                stacks.setdefault(thing.labels.get(STACK, ""), []).append(thing.id)
        if not stacks:
            return []
        with ThreadPoolExecutor(min(_AT_ONCE, len(stacks))) as pool:
            removed = pool.map(
                lambda ids: [self._remove_container(i) for i in ids], stacks.values()
            )
            return [error for errors in removed for error in errors if error]

    def discard(self, container: str) -> None:
        """Kill and remove one container."""
        if refused := self._remove_container(container):
            raise refused

    def _remove_container(self, container: str) -> HarnessError | None:
        # v: the anonymous volumes that the image declares go with it
        failed = self._tried(lambda: self._client.remove_container(container, v=True, force=True))
        return failed[0] if failed else None

    def _tried(self, call: Any) -> list[HarnessError]:
        try:
            with _translated():
                call()
        except ContainerGoneError:
            return []
        except HarnessError as error:
            return [] if "is already in progress" in str(error) else [error]
        return []

    def remove_volumes(self, labels: Mapping[str, str], names: Iterable[str]) -> None:
        """Remove those of the named volumes that have these labels, and that nobody uses."""
        for volume in {*names} & {*self._volumes(labels)}:
            if refused := self._tried(lambda v=volume: self._client.remove_volume(v, force=True)):
                raise refused[0]

    def discard_volumes(self, names: Iterable[str]) -> None:
        """Remove volumes by their names; those that are gone, or in use, are passed over."""
        for volume in names:
            self._tried(lambda v=volume: self._client.remove_volume(v))

    def _volumes(self, labels: Mapping[str, str]) -> list[str]:
        with _translated():
            found = self._client.volumes(filters=label_filter(labels))["Volumes"] or []
        return [volume["Name"] for volume in found]

    def has_image(self, image: str) -> bool:
        """Whether the engine has an image."""
        return self.image_id(image) is not None

    def image_id(self, image: str) -> str | None:
        """Return an image's id, or None."""
        try:
            with _translated():
                found: str = self._client.inspect_image(image)["Id"]  # type: ignore[no-untyped-call]
        except ContainerGoneError:
            return None
        return found

    def image_tags(self, image: str) -> tuple[str, ...]:
        """Return the names that an image goes by; none where there is no such image."""
        try:
            with _translated():
                found = self._client.inspect_image(image)  # type: ignore[no-untyped-call]
        except ContainerGoneError:
            return ()
        return tuple(found["RepoTags"] or ())

    def remove_image(self, image: str) -> None:
        """Remove an image or its tag; one that is in use stays."""
        self._tried(lambda: self._client.remove_image(image))

    def holder_of(self, port: int) -> str:
        """Say which container publishes a host port, or which local process listens there."""
        with _translated():
            for entry in self._client.containers():
                if any(p.get("PublicPort") == port for p in entry.get("Ports") or ()):
                    return f"container {entry['Names'][0].lstrip('/')}"
        return _local_listener(port) if self._reach.seat is Seat.MACHINE else ""

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _local_listener(port: int) -> str:
    """Name the process of this machine that listens on a port, if we may see it."""
    import psutil

    try:
        for connection in psutil.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,):
                if connection.pid is None:
                    return "a process that this user cannot see"
                return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
    except psutil.Error:
        pass
    return ""
