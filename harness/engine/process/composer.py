"""Makes the processes of a stack from its compose document; nothing is started yet."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from harness.engine.answers import NUMBER_LABEL, SERVICE_LABEL
from harness.engine.process.store import FORWARDS, LOOPBACK, Made, Store, forwarder_of, new_id
from harness.engine.protocol import Composer, Say
from harness.errors import SettingError
from harness.lease.labels import STACK
from harness.lease.ports import PortClaims
from harness.model.duration import seconds
from harness.model.project import Project, Service, parse_service, unescaped
from harness.plan.process_entry import ProcessEntry, process_of
from harness.plan.ready import Health, ready_of
from harness.plan.swaps import is_front, is_ours, place_of, swap_of
from harness.services.local import server

_GRACE = 10.0  # seconds; Compose's own default for `stop_grace_period`


class ProcessComposer:
    """Carries out compose documents without an engine."""

    def __init__(
        self,
        store: Store,
        claims: PortClaims,
        project: Project,
        directory: Callable[[str], Path],
        read: Callable[[str, Path, Sequence[str]], Mapping[str, Any]],
        compose: Composer,
    ) -> None:
        """Take what it works with.

        Args:
            store: Where the processes are noted.
            claims: Where ports come from that nobody has chosen yet.
            project: The project, for where its services are defined.
            directory: Gives the project directory of a service's compose file.
            read: Has Compose read what is left for later in a document: files of variables.
            compose: The composer for containers, for its version.
        """
        self._store = store
        self._claims = claims
        self._project = project
        self._directory = directory
        self._read = read
        self._compose = compose

    @property
    def version(self) -> str:
        """The version of Compose."""
        return self._compose.version

    def create(self, project: str, file: Path, services: Sequence[str]) -> None:
        """Note what is to be started for services.

        Raises:
            SettingError: A service does not say how it runs as a process.
        """
        self.create_behind(project, file, services, {})

    def create_behind(
        self, project: str, file: Path, services: Sequence[str], fronts: Mapping[str, str]
    ) -> None:
        """Note what is to be started for services that containers are to reach.

        Args:
            project: The name of the stack.
            file: Where its document stands.
            services: The services.
            fronts: The address that stands for each of them where containers are.

        Raises:
            SettingError: A service does not say how it runs as a process.
        """
        document = json.loads(file.read_text())
        if any(document["services"][name].get("env_file") for name in services):
            document = self._read(project, file, services)
        there = {(made.service, made.number) for made in self._store.find({STACK: project})}
        parsed = [self._parsed(name, document["services"][name]) for name in services]
        entries = {service.name: process_of(service) for service in parsed}
        self._check(parsed, entries)
        for service in parsed:
            for number in range(1, service.replicas + 1):
                if (service.name, number) not in there:
                    made = self._made(project, service, number, entries[service.name])
                    reached = number == 1 and made.ports
                    front = fronts.get(service.name, "") if reached else ""
                    if front:
                        self._store.add(_forwarder(made, front))
                    self._store.add(replace(made, front=front))

    def up(self, project: str, file: Path, service: str, timeout: float) -> None:
        """Refuse: what only Compose can start is no process."""
        self._refuse(f"service {service!r} has keys that only Compose carries out")

    def up_and_wait(
        self, project: str, file: Path, services: Sequence[str], timeout: float
    ) -> None:
        """Refuse: Compose starts containers."""
        self._refuse("with --harness-faithful Compose starts the services")

    def build(self, project: str, file: Path, services: Sequence[str], say: Say) -> None:
        """Build nothing: processes have no images."""

    def pull(self, project: str, file: Path, services: Sequence[str], say: Say) -> None:
        """Pull nothing: processes have no images."""

    @staticmethod
    def _refuse(why: str) -> NoReturn:
        raise SettingError(
            f"{why}: there is no such thing with --harness-engine=process. Run these tests in "
            f"containers."
        )

    def _parsed(self, name: str, section: Mapping[str, Any]) -> Service:
        known = self._project.services.get(name)
        return parse_service(name, section, known.place if known else "")

    def _check(self, services: Sequence[Service], entries: Mapping[str, ProcessEntry]) -> None:
        ours = [service for service in services if is_ours(service)]
        unknown = [service for service in ours if not entries[service.name]]
        if unknown:
            called = ", ".join(service.called for service in unknown)
            raise SettingError(
                f"wanted to run as processes, but nothing says how: {called}. Write for each how "
                f"it runs on this machine: `x-harness: {{process: {{command: [python, app.py], "
                f"cwd: {unknown[0].name}, port: 8080}}}}` ($PORT is where it is to listen), or "
                f"the name of what the harness knows how to run, such as `x-harness: {{process: "
                f"redis}}`."
            )
        for service in ours:
            if any(isinstance(check, Health) for check in ready_of(service).checks):
                raise SettingError(
                    f"{service.called} is ready when its health check passes, which is written "
                    f"for its container. Say how its process is known to be ready: `x-harness: "
                    f"{{process: {{ready: {{http: /health}}}}}}`."
                )

    def _made(self, stack: str, service: Service, number: int, entry: ProcessEntry) -> Made:
        config = service.config
        place = place_of(service)
        if place:
            inside = service.ports[0].container_port
            published, ports = [(f"{inside}/tcp", place.port)], [(inside, place.port)]
        else:
            published, ports = self._ports(service, entry)
        labels = {str(k): unescaped(v) for k, v in (config.get("labels") or {}).items()}
        grace = config.get("stop_grace_period")
        return Made(
            id=new_id(),
            name=f"{stack}-{service.name}-{number}",
            stack=stack,
            service=service.name,
            number=number,
            labels={**labels, SERVICE_LABEL: service.name, NUMBER_LABEL: str(number)},
            place=service.place,
            command=entry.command,
            use=entry.use,
            cwd=str(self._directory(service.name) / entry.cwd),
            own=entry.environment,
            environment=dict(_environment(config)),
            published=published,
            ports=ports,
            names=_names(service),
            links=dict(_links(config)),
            signal=str(
                config.get("stop_signal") or (server(entry.use).signal if entry.use else "")
            ),
            grace=_GRACE if grace is None else seconds(grace),
            restart=str(config.get("restart") or "no"),
            how=swap_of(service) or "",
            host=place.host if place else LOOPBACK,
            scheme=place.scheme if place else "",
        )

    def _ports(
        self, service: Service, entry: ProcessEntry
    ) -> tuple[list[tuple[str, int]], list[tuple[int, int]]]:
        """Return the host ports of what is published, and of every port that others may name."""
        published = [
            (str(port), int(port.published) if port.published.isdigit() else self._claims.claim())
            for port in service.ports
        ]
        ports: dict[int, int] = {}
        for port, host_port in published:
            number, _, protocol = port.partition("/")
            if protocol == "tcp":
                ports.setdefault(int(number), host_port)
        silent = [int(p) for e in service.config.get("expose") or () if (p := _tcp(str(e)))]
        if entry.use:
            silent.insert(0, server(entry.use).port)
        for inside in ([entry.port] if entry.port else []) + silent:
            if inside not in ports:
                ports[inside] = self._claims.claim()
        main = entry.port or (server(entry.use).port if entry.use else next(iter(ports), 0))
        return published, sorted(ports.items(), key=lambda pair: pair[0] != main)


def _forwarder(made: Made, front: str) -> Made:
    """Return what forwards to a process from where containers are."""
    name = f"{made.service}{FORWARDS}"
    return replace(
        made,
        id=forwarder_of(made.id),
        name=f"{made.name}-forwarder",
        service=name,
        labels={**made.labels, SERVICE_LABEL: name},
        names=(),
        published=(),
        ports=(),
        how="",
        forwards=[(front, inside, made.host, outside) for inside, outside in made.ports],
        restart="no",
    )


def _tcp(exposed: str) -> str:
    """Return the number of an exposed port; ranges and other protocols are passed over."""
    found = re.fullmatch(r"(\d+)(?:/tcp)?", exposed)
    return found[1] if found else ""


def _environment(config: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name, value in (config.get("environment") or {}).items():
        if value is not None:
            found[str(name)] = unescaped(value)
    return found  # what is passed on without a value is in the tests' environment, or nowhere


def _names(service: Service) -> list[str]:
    """Return the names by which other services know one."""
    networks = (service.config.get("networks") or {}).items()
    joined = [entry or {} for network, entry in networks if not is_front(network)]
    aliases = [alias for entry in joined for alias in entry.get("aliases") or ()]
    own = service.config.get("container_name")
    return [*dict.fromkeys([service.name, *aliases, *([own] if own else [])])]


def _links(config: Mapping[str, Any]) -> dict[str, str]:
    pairs = (str(link).partition(":") for link in config.get("links") or ())
    return {alias: name for name, _, alias in pairs if alias}
