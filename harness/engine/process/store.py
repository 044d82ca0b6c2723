"""What stands in the place of containers: a folder each, in the folder of the run.

Every process of a run sees all of them: a stack may be used by several workers of xdist.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.errors import ContainerGoneError
from harness.lease.process import ProcessId
from harness.plan.addresses import Address, Ports
from harness.plan.swaps import How

_MADE, _STATE, _NAMES = "made.json", "state.json", "names-"
_NOBODY = ProcessId(0, "")
# What an id begins with, of a process and of its forwarder: none of a container's does.
_PROCESS, _FORWARDER = "p", "q"
LOOPBACK = "127.0.0.1"
FORWARDS = " (forwarder)"
"""What the name of a service ends with for what forwards to it."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was created for a service; nothing of it changes afterwards.

    Attributes:
        id: Its id, as long as those of containers.
        name: ``stack-service-1``.
        stack: The name of the stack.
        service: The service.
        number: Which replica it is, from 1 on.
        labels: Its labels.
        place: Where a compose file defines the service.
        command: Program and arguments, as the ``process`` section has them.
        use: The technology to be run, where there is no command.
        cwd: The folder to run in.
        own: Variables of the ``process`` section, which always win.
        environment: Variables of the service, as the compose file has them.
        published: Container ports with the host ports chosen for them: ``("8080/tcp", 20001)``.
        ports: Every TCP port that others may name, with where it listens; the main one first.
        names: What others know it by.
        links: Further names for other services: ``{"db": "postgres"}``.
        signal: What it is stopped by, ``""`` for the usual.
        grace: Seconds from that to SIGKILL.
        restart: Its restart policy: ``no``, ``always``, ``unless-stopped``, ``on-failure:3``.
        how: In which way it is swapped, ``""`` where all run as processes.
        host: Where it listens.
        scheme: The scheme of its URLs, if it is not the one that others name.
        front: The address that stands for it where containers are, if any do.
        forwards: Of a forwarder: where it listens, and where what comes there goes.
    """

    id: str
    name: str
    stack: str
    service: str
    number: int
    labels: Mapping[str, str]
    place: str
    command: Sequence[str]
    use: str
    cwd: str
    own: Mapping[str, str]
    environment: Mapping[str, str]
    published: Sequence[tuple[str, int]]
    ports: Sequence[tuple[int, int]]
    names: Sequence[str]
    links: Mapping[str, str] = field(default_factory=dict)
    signal: str = ""
    grace: float = 10.0
    restart: str = "no"
    how: str = ""
    host: str = LOOPBACK
    scheme: str = ""
    front: str = ""
    forwards: Sequence[tuple[str, int, str, int]] = ()

    @property
    def is_ours(self) -> bool:
        """Whether the harness starts it."""
        return not self.how or How(self.how).is_ours

    @property
    def addresses(self) -> Ports:
        """Where each of its ports listens, the main one first."""
        return {inside: Address(self.host, outside, self.scheme) for inside, outside in self.ports}

    @property
    def called(self) -> str:
        """What messages call it."""
        where = f"{self.place}: " if self.place else ""
        return f"{where}service {self.service.removesuffix(FORWARDS)!r}"


@dataclass(frozen=True, slots=True)
class State:
    """How it is.

    Attributes:
        status: Docker's word: created, running, paused, restarting or exited.
        process: Its main process, of the latest start.
        mark: The mark that all carry which came of it.
        starter: Who started it, and will say how it ends.
        command: What was started.
        environment: The variables it was started with, on top of those of the tests.
        started: When, in seconds since the epoch.
        finished: When it ended; 0 if it never did.
        exit_code: As Docker counts: 128 and the signal's number for one that was killed.
        restarts: How often its restart policy started it again.
        action: What last happened to it, in Docker's word.
        moment: When that was.
    """

    status: str = "created"
    process: ProcessId = _NOBODY
    mark: str = ""
    starter: ProcessId = _NOBODY
    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    started: float = 0.0
    finished: float = 0.0
    exit_code: int = 0
    restarts: int = 0
    action: str = ""
    moment: float = 0.0


def new_id() -> str:
    """Return an id for what is no container, and cannot be taken for one."""
    return _PROCESS + os.urandom(32).hex()[1:]


def forwarder_of(id_: str) -> str:
    """Return the id that the forwarder of a process has, if it has one."""
    return _FORWARDER + id_[1:]


def is_process(id_: str) -> bool:
    """Whether an id is not a container's."""
    return id_.startswith((_PROCESS, _FORWARDER))


class Store:
    """The folders of all that was made in a run."""

    def __init__(self, folder: Path) -> None:
        """Take the folder that they are in; it goes with the run."""
        self._folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)

    def folder(self, id_: str) -> Path:
        """Return the folder of one."""
        return self._folder / id_

    def add(self, made: Made) -> None:
        """Make a folder; what reads it sees all of it, or nothing."""
        folder = self.folder(made.id)
        folder.mkdir(mode=0o700)
        self._write(folder / _STATE, asdict(State()))
        self._write(folder / _MADE, asdict(made))

    def made(self, id_: str) -> Made:
        """Return what was made.

        Raises:
            ContainerGoneError: It was removed.
        """
        return Made(**self._read(id_, _MADE))

    def state(self, id_: str) -> State:
        """Return how it is.

        Raises:
            ContainerGoneError: It was removed.
        """
        found = self._read(id_, _STATE)
        found["process"] = ProcessId(*found["process"])
        found["starter"] = ProcessId(*found["starter"])
        return State(**found)

    def change(self, id_: str, **changes: Any) -> State:
        """Note that it is otherwise now; return how it is.

        Raises:
            ContainerGoneError: It was removed.
        """
        state = replace(self.state(id_), **changes)
        try:
            self._write(self.folder(id_) / _STATE, asdict(state))
        except FileNotFoundError:
            raise _gone(id_) from None
        return state

    def version(self, id_: str) -> object:
        """Return what differs whenever the state has changed; None when it is gone."""
        try:
            status = (self.folder(id_) / _STATE).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def find(self, labels: Mapping[str, str]) -> Iterator[Made]:
        """Yield all with these labels; one without a value stands for every value."""
        for file in sorted(self._folder.glob(f"*/{_MADE}")):
            with suppress(ContainerGoneError):
                made = self.made(file.parent.name)
                if all(
                    made.labels.get(k, None) in ((v,) if v else (made.labels.get(k) or "",))
                    for k, v in labels.items()
                ):
                    yield made

    def remove(self, id_: str) -> None:
        """Remove a folder."""
        gone = self._folder / f"gone-{id_}"
        with suppress(OSError):
            self.folder(id_).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def connect(self, stack: str, id_: str, names: Sequence[str]) -> None:
        """Note that services of a stack know something outside of it under names."""
        known = {**self.connected(stack), **dict.fromkeys(names, id_)}
        self._write(self._folder / f"{_NAMES}{stack}", known)

    def connected(self, stack: str) -> dict[str, str]:
        """Return the ids of what is outside of a stack, by the names that it has there."""
        try:
            known: dict[str, str] = json.loads((self._folder / f"{_NAMES}{stack}").read_text())
        except FileNotFoundError:
            return {}
        return known

    def forget_names(self, stack: str) -> None:
        """The stack is gone."""
        (self._folder / f"{_NAMES}{stack}").unlink(missing_ok=True)

    def _read(self, id_: str, name: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.folder(id_) / name).read_text())
        except (FileNotFoundError, NotADirectoryError):
            raise _gone(id_) from None
        return found

    @staticmethod
    def _write(file: Path, content: object) -> None:
        draft = file.with_name(f"{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
        draft.write_text(json.dumps(content))
        draft.replace(file)


def _gone(id_: str) -> ContainerGoneError:
    return ContainerGoneError(f"no such process: {id_[:12]}")
