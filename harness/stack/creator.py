"""Creating what a stack consists of: by Compose the first time, then as Compose did it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

from harness.engine.protocol import Composer, Engine, Made
from harness.engine.replay import (
    ContainerRequest,
    Recording,
    container_request,
    network_request,
    record,
    volume_request,
)
from harness.errors import EngineRefusedError
from harness.lease.labels import identity
from harness.lease.subnets import SubnetClaims
from harness.model.project import parse_service
from harness.plan.kinds import files_read, is_plain_network, is_plain_volume, kind_of

# Measured on two cores: 8 containers take 80 ms one by one, 40 ms by four at a time or more.
_WORKERS = 4
_SUBNET_TRIES = 4
_OVERLAP = "overlaps with other one"
_WORD = re.compile(r"\w+")

Asked = TypeVar("Asked")
Got = TypeVar("Got")


class Creates(Protocol):
    """Creates what stacks consist of; see ``Creator``."""

    def expect(self, project: str) -> None:
        """Reckon with what other processes have made of a stack."""

    def create(
        self,
        project: str,
        labels: Mapping[str, str],
        file: Path,
        document: Mapping[str, Any],
        services: Sequence[str],
        elsewhere: Mapping[str, str],
    ) -> None:
        """Create what services need, and start nothing."""

    def prepare(self, project: str, labels: Mapping[str, str], document: Mapping[str, Any]) -> Made:
        """Create the networks and volumes of a stack; return what was there before."""


class Creator:
    """Creates containers, networks and volumes; one for each run. Thread-safe.

    Networks and volumes are made over the Engine API. The containers of a service are made by
    Compose the first time, and recorded; a service of the same *kind* (see ``kind_of``) is made
    from the recording. Compose takes 0.14 to 0.4 s a call, the API 10 ms a container.
    """

    def __init__(self, engine: Engine, composer: Composer, subnets: SubnetClaims) -> None:
        self._engine = engine
        self._composer = composer
        self._subnets = subnets
        self._recordings: dict[str, tuple[Recording, ...]] = {}
        self._seen: set[str] = set()

    def expect(self, project: str) -> None:
        """Reckon with what other processes have made of a stack."""
        self._seen.add(project)

    def create(
        self,
        project: str,
        labels: Mapping[str, str],
        file: Path,
        document: Mapping[str, Any],
        services: Sequence[str],
        elsewhere: Mapping[str, str],
    ) -> None:
        """Create what services need, and start nothing. What exists already stays as it is.

        Args:
            project: The name of the stack.
            labels: The stack's own labels.
            file: Where the document stands as JSON.
            document: The compose document of the stack.
            services: The services to create, dependencies first.
            elsewhere: The containers of longer-lived stacks that they use, by their services.

        Raises:
            EngineRefusedError: Compose or the engine refused. What was made has the labels.
        """
        made = self.prepare(project, labels, document)
        kinds = self._kinds(labels, document, services)
        recorded = {name: self._recordings.get(kind or "") for name, kind in kinds.items()}
        if all(recordings is not None for recordings in recorded.values()):
            replay = _Replay(self._engine, project, labels, file, document["services"], made)
            found = {name: recordings for name, recordings in recorded.items() if recordings}
            return _to_its_end(lambda: replay.run(found))
        self._composer.create(project, file, services)
        for name, kind in kinds.items():
            if kind and recorded[name] is None:
                self._record(name, kind, project, labels, document["services"][name], made)
        return None

    def prepare(self, project: str, labels: Mapping[str, str], document: Mapping[str, Any]) -> Made:
        """Create the networks and volumes of a stack, save those that only Compose can.

        Returns:
            What was there before.

        Raises:
            EngineRefusedError: The engine refused.
        """
        # a stack's name is this process's own, unless others were announced: all is new then
        made = self._engine.made(identity(labels)) if project in self._seen else Made()
        self._seen.add(project)
        _to_its_end(lambda: self._prepare(project, document, made))
        return made

    def _prepare(self, project: str, document: Mapping[str, Any], made: Made) -> None:
        for key, entry in (document.get("networks") or {}).items():
            name = f"{project}_{key}"
            if not entry.get("external") and is_plain_network(entry) and name not in made.networks:
                self._make_network(project, key, entry)
        for key, entry in (document.get("volumes") or {}).items():
            name = f"{project}_{key}"
            if not entry.get("external") and is_plain_volume(entry) and name not in made.volumes:
                request = volume_request(project, key, entry, self._composer.version)
                _told(f"volume {key!r}", self._engine.make_volume, request)

    def _make_network(self, project: str, key: str, entry: Mapping[str, Any]) -> None:
        """Create a network, on another subnet if somebody else has the one that was claimed."""
        subnet = self._subnets.of(project, key)
        for tries in range(_SUBNET_TRIES):
            if subnet and tries:
                entry = {**entry, "ipam": {"config": [{"subnet": subnet}]}}
            elif tries:
                entry = {name: value for name, value in entry.items() if name != "ipam"}
            request = network_request(project, key, entry, self._composer.version)
            try:
                return _told(f"network {key!r}", self._engine.make_network, request)
            except EngineRefusedError as error:
                if not subnet or _OVERLAP not in str(error):
                    raise
                last = tries + 2 == _SUBNET_TRIES
                subnet = self._subnets.instead(project, key, give_up=last)
        return None

    def _kinds(
        self, labels: Mapping[str, str], document: Mapping[str, Any], services: Sequence[str]
    ) -> dict[str, str | None]:
        """Return the kind of each service; None for those that only Compose can create."""
        sections = {name: document["services"][name] for name in services}
        images = sorted({s["image"] for s in sections.values() if s.get("image")})
        ids = dict(zip(images, _each(self._engine.image_id, images), strict=True))
        return {
            name: kind_of(name, document, labels, ids.get(section.get("image")), _outside(section))
            for name, section in sections.items()
        }

    def _record(
        self,
        name: str,
        kind: str,
        project: str,
        labels: Mapping[str, str],
        section: Mapping[str, Any],
        before: Made,
    ) -> None:
        """Keep what Compose created for a service, if it can be created again from that.

        What was there before may have been made from something else, and have run.
        """
        names = {
            identity: n for n, identity in self._engine.made(identity(labels)).containers.items()
        }
        found = [
            inspected
            for inspected in _each(self._engine.inspect, list(names))
            if inspected["Config"]["Labels"].get("com.docker.compose.service") == name
            and inspected["Name"].lstrip("/") not in before.containers
        ]
        if len(found) != parse_service(name, section).replicas:
            return
        recordings = [record(i, section, kind, project, labels, names) for i in found]
        if all(recordings):
            self._recordings[kind] = tuple(filter(None, recordings))


class _Replay:
    """Creates the containers of one stack from recordings."""

    def __init__(
        self,
        engine: Engine,
        project: str,
        labels: Mapping[str, str],
        file: Path,
        sections: Mapping[str, Mapping[str, Any]],
        made: Made,
    ) -> None:
        self._engine = engine
        self._project = project
        self._labels = labels
        self._file = str(file)
        self._sections = sections
        self._ids = dict(made.containers)

    def run(self, recorded: Mapping[str, Sequence[Recording]]) -> None:
        """Create all that is not there, those first whose ids others need."""
        left = {
            recording.name_in(self._project): (service, recording)
            for service, recordings in recorded.items()
            for recording in recordings
        }
        left = {name: entry for name, entry in left.items() if name not in self._ids}
        while left:
            ready = {
                name: entry
                for name, entry in left.items()
                if entry[1].needs_in(self._project) <= self._ids.keys()
            }
            if not ready:
                raise EngineRefusedError(self._missing(left))
            ids = _each(lambda entry: self._make(*entry), list(ready.values()))
            self._ids.update(zip(ready, ids, strict=True))
            left = {name: entry for name, entry in left.items() if name not in ready}

    def _make(self, service: str, recording: Recording) -> str:
        request: ContainerRequest = container_request(
            recording,
            self._sections[service],
            self._project,
            self._labels,
            self._file,
            self._ids,
        )
        return _told(f"service {service!r}", self._engine.make_container, request)

    def _missing(self, left: Mapping[str, tuple[str, Recording]]) -> str:
        name, (service, recording) = next(iter(left.items()))
        needs = ", ".join(sorted(recording.needs_in(self._project) - self._ids.keys()))
        return f"service {service!r}: container {name} needs {needs}, which is gone"


def _outside(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Compose reads besides the document when it creates a service's containers.

    These are files of variables and labels, and of the environment what is passed on: of the
    files' words any could be a reference.
    """
    files = {path: _text(path) for path in files_read(section)}
    passed_on = {k for k, v in (section.get("environment") or {}).items() if v is None}
    passed_on.update(word for text in files.values() for word in _WORD.findall(text or ""))
    return {
        "files": files,
        "environment": {k: os.environ[k] for k in passed_on if k in os.environ},
    }


def _text(path: str) -> str | None:
    try:
        return Path(path).read_text(errors="surrogateescape")
    except OSError:
        return None


def _to_its_end(call: Callable[[], None]) -> None:
    """Do something that an interrupt waits for.

    What was asked of the engine must have come about before it can be removed.
    """
    with ThreadPoolExecutor(1) as pool:
        pool.submit(call).result()


def _told(what: str, call: Callable[[Asked], Got], request: Asked) -> Got:
    """Make a request; a refusal says what it was for."""
    try:
        return call(request)
    except EngineRefusedError as error:
        raise type(error)(f"{what} could not be created: {error}") from None


def _each(call: Callable[[Asked], Got], requests: Sequence[Asked]) -> Iterable[Got]:
    """Make requests side by side, and wait for all of them."""
    if len(requests) < 2:
        return [call(request) for request in requests]
    with ThreadPoolExecutor(min(_WORKERS, len(requests))) as pool:
        return list(pool.map(call, requests))
