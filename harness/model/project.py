"""A resolved compose project: what ``docker compose config`` says, as frozen data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from harness.errors import UnknownServiceError, nearest
from harness.model.isolation import Isolation


class Condition(StrEnum):
    """When a dependent may start (Compose specification, ``depends_on``)."""

    STARTED = "service_started"
    HEALTHY = "service_healthy"
    COMPLETED = "service_completed_successfully"


@dataclass(frozen=True, slots=True)
class Dependency:
    """One service that another depends on."""

    service: str
    condition: Condition = Condition.STARTED
    required: bool = True


@dataclass(frozen=True, slots=True)
class Port:
    """A published port, as the compose file declares it."""

    container_port: int
    protocol: str = "tcp"
    published: str = ""
    host_ip: str = ""

    def __str__(self) -> str:
        """Return the port as the Engine API names it: ``8080/tcp``."""
        return f"{self.container_port}/{self.protocol}"


@dataclass(frozen=True)
class Service:
    """One service of the resolved project.

    ``config`` is its section exactly as Compose resolved it; ``dependencies`` and ``ports`` are
    read from it. ``place`` says where a compose file defines it: ``compose/app.yml:2``.
    """

    name: str
    config: Mapping[str, Any]
    dependencies: tuple[Dependency, ...] = ()
    ports: tuple[Port, ...] = ()
    place: str = ""

    @property
    def called(self) -> str:
        """The words by which a message begins: ``compose/app.yml:2: service 'app'``."""
        return f"{self.place}: service {self.name!r}" if self.place else f"service {self.name!r}"

    @property
    def image(self) -> str:
        """The image that the compose file names, or ``""``."""
        return str(self.config.get("image") or "")

    @property
    def builds(self) -> bool:
        """Whether the service has a ``build:`` section."""
        return self.config.get("build") is not None

    @property
    def replicas(self) -> int:
        """How many containers the service has."""
        scale = self.config.get("scale", (self.config.get("deploy") or {}).get("replicas"))
        return 1 if scale is None else int(scale)

    @property
    def harness(self) -> Mapping[str, Any]:
        """The service's ``x-harness`` section."""
        return self.config.get("x-harness") or {}

    @property
    def fixed(self) -> bool:
        """Whether host ports and container name stay as the compose file fixes them."""
        # what a variable gives (`fixed: ${FIXED:-true}`) is text
        return self.harness.get("fixed") in (True, "true")

    @property
    def required(self) -> tuple[Dependency, ...]:
        """The dependencies without which it cannot be."""
        return tuple(d for d in self.dependencies if d.required)

    @property
    def isolation(self) -> Isolation | None:
        """The isolation that the service declares for itself; what is none is told by its check.

        It is asked of every service of the project, also of those that no test needs.
        """
        declared = self.harness.get("isolation")
        return next((one for one in Isolation if one == declared), None)

    @property
    def graceful(self) -> bool:
        """Whether it is stopped by its own signal, with its grace period, before it goes."""
        return self.harness.get("stop") == "graceful"

    @property
    def reset(self) -> tuple[str, ...] | None:
        """The command that puts its state back; empty for none, None where it does not say."""
        declared = self.harness.get("reset")
        if declared is None:
            return None
        return () if declared == "none" else tuple(unescaped(word) for word in declared)

    @property
    def attached(self) -> tuple[str, ...]:
        """The services whose containers this one's are made for: a new one needs new ones."""
        shared = (str(self.config.get(key) or "") for key in ("network_mode", "ipc", "pid"))
        mounted = (str(source) for source in self.config.get("volumes_from") or ())
        return (
            *(s.removeprefix("service:") for s in shared if s.startswith("service:")),
            *(s.partition(":")[0] for s in mounted if not s.startswith("container:")),
        )

    @property
    def networks(self) -> tuple[str, ...]:
        """The names of the networks that the service joins."""
        return tuple(self.config.get("networks") or ())

    @property
    def volumes(self) -> tuple[str, ...]:
        """The names of the project's volumes that the service mounts."""
        mounts = self.config.get("volumes") or ()
        return tuple(m["source"] for m in mounts if m.get("type") == "volume" and m.get("source"))


@dataclass(frozen=True)
class Project:
    """A compose project, resolved.

    ``unset`` are the variables that had no value when Compose resolved it, each with Compose's
    own message where the file demanded it (``${X:?message}``), else ``None``. ``dotenv`` holds,
    for each service, the variables that it takes from ``.env`` files when it is created.
    ``placeholders`` are what Compose was told instead of values, so that it accepts the files.
    """

    services: Mapping[str, Service]
    networks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    volumes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    configs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)
    unset: Mapping[str, str | None] = field(default_factory=dict)
    dotenv: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    placeholders: Mapping[str, str] = field(default_factory=dict)

    def service(self, name: str) -> Service:
        """Return the service of that name.

        Raises:
            UnknownServiceError: The project has none; the nearest name is offered.
        """
        try:
            return self.services[name]
        except KeyError:
            raise UnknownServiceError(
                f"no service {name!r} in the compose project. {nearest(name, list(self.services))}"
            ) from None

    def closure(self, names: Iterable[str]) -> tuple[Service, ...]:
        """Return the services named and all that they reach, dependencies first.

        Raises:
            UnknownServiceError: A name is no service of the project.
        """
        order: dict[str, Service] = {}
        pending: list[tuple[str, bool]] = [(name, False) for name in sorted(set(names))][::-1]
        visited: set[str] = set()
        while pending:
            name, expanded = pending.pop()
            if expanded:
                order[name] = self.services[name]
            elif name not in visited:
                visited.add(name)
                pending.append((name, True))
                wanted = [d.service for d in self.service(name).dependencies]
                pending.extend((n, False) for n in reversed(wanted) if n in self.services)
        return tuple(order.values())

    @cached_property
    def one_shots(self) -> frozenset[str]:
        """The services that some other waits for to complete: ready means exit 0."""
        return frozenset(
            d.service
            for service in self.services.values()
            for d in service.dependencies
            if d.condition is Condition.COMPLETED
        )


# The sections of a project that hold what services use.
SECTIONS = ("networks", "volumes", "configs", "secrets")


def used_names(service: Service, key: str) -> tuple[str, ...]:
    """Return the networks, volumes, configs or secrets of the project that a service uses."""
    if key == "networks":
        return service.networks
    if key == "volumes":
        return service.volumes
    return tuple(str(entry["source"]) for entry in service.config.get(key) or ())


def unescaped(value: object) -> str:
    """Return a value of the resolved project as it is meant: Compose writes ``$`` as ``$$``."""
    return str(value).replace("$$", "$")


def parse_project(
    document: Mapping[str, Any],
    unset: Mapping[str, str | None] | None = None,
    places: Mapping[str, str] | None = None,
) -> Project:
    """Read the output of ``docker compose config``.

    Args:
        document: The output.
        unset: The variables without a value.
        places: Where the compose files define each service.
    """
    sections = {key: document.get(key) or {} for key in SECTIONS}
    known = {"name", "services", *sections}
    services = {
        name: parse_service(name, config or {}, (places or {}).get(name, ""))
        for name, config in (document.get("services") or {}).items()
    }
    read = {
        key: {name: entry or {} for name, entry in section.items()}
        for key, section in sections.items()
    }
    return Project(
        services=services,
        networks=read["networks"],
        volumes=read["volumes"],
        configs=read["configs"],
        secrets=read["secrets"],
        rest={key: value for key, value in document.items() if key not in known},
        unset=unset or {},
    )


def parse_service(name: str, config: Mapping[str, Any], place: str = "") -> Service:
    """Read one entry below ``services:`` of a resolved project."""
    return Service(
        name=name,
        config=config,
        dependencies=tuple(_dependencies(config)),
        ports=tuple(
            Port(
                int(port["target"]),
                str(port.get("protocol") or "tcp"),
                str(port.get("published") or ""),
                str(port.get("host_ip") or ""),
            )
            for port in config.get("ports") or ()
        ),
        place=place,
    )


def _dependencies(config: Mapping[str, Any]) -> Iterable[Dependency]:
    """Yield declared dependencies, then those Compose infers from other keys."""
    seen = set()
    for name, entry in (config.get("depends_on") or {}).items():
        seen.add(name)
        yield Dependency(
            name,
            Condition(entry.get("condition") or Condition.STARTED),
            entry.get("required") is not False,
        )
    for name in _inferred(config):
        if name not in seen:
            seen.add(name)
            yield Dependency(name)


def _inferred(config: Mapping[str, Any]) -> Iterable[str]:
    """Yield the services that Compose adds to ``depends_on`` by itself (compose-go, normalize)."""
    for link in config.get("links") or ():
        yield str(link).partition(":")[0]
    for source in config.get("volumes_from") or ():
        if not str(source).startswith("container:"):
            yield str(source).partition(":")[0]
    for key in ("network_mode", "ipc", "pid"):
        value = str(config.get(key) or "")
        if value.startswith("service:"):
            yield value.removeprefix("service:")
