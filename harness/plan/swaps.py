"""Services that do not run as the others do: as processes, elsewhere, or started by the user.

What is said of each stands in its ``x-harness`` section from then on (``swapped``), and so in the
documents of stacks: whoever makes something of a service sees it there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.errors import SettingError, UnknownServiceError, nearest
from harness.model.project import Project, Service, parse_service
from harness.plan.addresses import SCHEMES, Address
from harness.plan.as_processes import as_process
from harness.plan.process_entry import process_of

if TYPE_CHECKING:
    from harness.settings import Settings

KEY = "swapped"
_FRONT = "harness-front-"
_FOREVER = "87600h"  # for a developer in a debugger
_LOCALHOST = "localhost"


class How(StrEnum):
    """In which way a service is swapped; the option is ``--harness-`` and this."""

    LOCAL = "local"
    REMOTE = "remote"
    ATTACH = "attach"

    @property
    def option(self) -> str:
        """The option by which the user chose it."""
        return f"--harness-{self.value}"

    @property
    def is_ours(self) -> bool:
        """Whether the harness starts it."""
        return self is How.LOCAL


@dataclass(frozen=True, slots=True)
class Swaps:
    """What the user chose.

    Attributes:
        hows: In which way each service is swapped, by its name.
        places: Where the remote ones are.
    """

    hows: Mapping[str, How] = field(default_factory=dict)
    places: Mapping[str, Address] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.hows)


def swaps_of(settings: Settings) -> Swaps:
    """Return what the settings say.

    Raises:
        SettingError: An address makes no sense.
    """
    return Swaps(
        {
            **dict.fromkeys(settings.local, How.LOCAL),
            **dict.fromkeys(settings.remote, How.REMOTE),
            **dict.fromkeys(settings.attach, How.ATTACH),
        },
        {name: parse_place(text, name) for name, text in settings.remote.items()},
    )


def check_settings(
    settings: Settings, where: Mapping[str, str], *, distributed: bool, ci: str
) -> None:
    """Check that what was chosen goes together.

    Args:
        settings: All settings.
        where: The words for where each was set.
        distributed: Whether workers of xdist run the tests.
        ci: The variable by which a CI makes itself known, if one does.

    Raises:
        SettingError: It does not.
    """
    chosen = {how: {*getattr(settings, how.value)} for how in How}
    for one, other in ((How.LOCAL, How.REMOTE), (How.LOCAL, How.ATTACH), (How.REMOTE, How.ATTACH)):
        for name in sorted(chosen[one] & chosen[other]):
            raise SettingError(
                f"service {name!r} is named by {where[one.value]} and by {where[other.value]}: it "
                f"can run in one way only. Leave one of both out."
            )
    if settings.local and settings.engine == "process":
        raise SettingError(
            f"{where['local']}: every service runs as a process already ({where['engine']} says "
            f"`process`). Leave one of both out: without {where['engine']} the rest runs in "
            f"containers."
        )
    for name in ("keep", "faithful"):
        if getattr(settings, name):
            used = ", ".join(where[how.value] for how in How if chosen[how])
            raise SettingError(
                f"{where[name]} cannot go with {used}: no process outlives its run, and Compose "
                f"starts containers alone. Leave one of both out."
            )
    if settings.attach and distributed:
        raise SettingError(
            f"{where['attach']} cannot go with workers of xdist (-n): your one process would have "
            f"to serve them all, each with services of its own. Run without -n, or with -n 0."
        )
    if settings.attach and ci:
        raise SettingError(
            f"{where['attach']} waits for a process that you start yourself, and shows the values "
            f"of its variables: nobody does that in CI, where logs are kept ({ci} is set). Take "
            f"it out, or unset {ci} at a desk."
        )
    swaps_of(settings)


def parse_place(text: str, name: str) -> Address:
    """Read an address: ``https://staging.example:8443``, or ``staging.example:5432``.

    Raises:
        SettingError: It is none.
    """
    try:
        parts = urlsplit(text if "//" in text else f"//{text}")
        port = parts.port or SCHEMES.get(parts.scheme)
    except ValueError:
        parts, port = urlsplit(""), None
    more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if not parts.hostname or not port or more:
        raise SettingError(
            f"--harness-remote: {text!r} is not where service {name!r} could be. Write host and "
            f"port, as in {name}=https://staging.example:8443 or {name}=staging.example:5432: no "
            f"path and no login."
        )
    return Address(parts.hostname, port, parts.scheme)


def swap_of(service: Service) -> How | None:
    """Return in which way a service of a swapped project runs; None as the others do."""
    found = service.harness.get(KEY)
    return How(found["how"]) if found else None


def place_of(service: Service) -> Address | None:
    """Return where a remote service of a swapped project is."""
    found = service.harness.get(KEY) or {}
    return Address(*found["at"]) if "at" in found else None


def runs_here(service: Service) -> bool:
    """Whether somebody runs a service for this run: the harness, or the user."""
    return swap_of(service) is not How.REMOTE


def is_ours(service: Service) -> bool:
    """Whether the harness starts a service, and may replace it."""
    how = swap_of(service)
    return how is None or how.is_ours


def seen_otherwise(project: Project, names: Collection[str]) -> set[str]:
    """Return those services whose connections come from another address than their own.

    They pass the machine of the engine: from a process to a container, or from a container to
    what is none. Who serves them sees a gateway, or a forwarder.
    """
    return {
        name
        for name in names
        if swap_of(project.services[name])
        or any(
            dependency.service in project.services and swap_of(project.services[dependency.service])
            for dependency in project.services[name].dependencies
        )
    }


def front_network(service: str) -> str:
    """Return the network whose gateway stands for a service that is in no network itself.

    Several swapped services may listen on the same port of their own names, and a network has
    one gateway: so each has a network, which no container joins.
    """
    return f"{_FRONT}{service}"


def is_front(network: str) -> bool:
    """Whether a network is one of those."""
    return network.startswith(_FRONT)


def is_loopback(host: str) -> bool:
    """Whether a host means this machine itself, to whoever asks."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == _LOCALHOST


def check_swaps(project: Project, swaps: Swaps) -> None:
    """Check that services can be swapped.

    Raises:
        UnknownServiceError: A name is no service.
        SettingError: Another service is made of its container, or waits for its end.
    """
    check_names(swaps, project.services)
    for name, how in swaps.hows.items():
        service = project.services[name]
        for other in project.services.values():
            if name in other.attached and other.name not in swaps.hows:
                raise SettingError(
                    f"{how.option}: {other.called} shares the network, the processes or the "
                    f"volumes of service {name!r}'s container, which would not be there. Swap "
                    f"{other.name!r} too, or leave both in containers."
                )
        if not how.is_ours and name in project.one_shots:
            raise SettingError(
                f"{how.option}: {service.called} is one that others wait for to end, and of what "
                f"the harness has not started it cannot see the end. Leave it as it is."
            )
        if how is How.ATTACH and not _first_port(service):
            raise SettingError(
                f"{how.option}: {service.called} publishes no TCP port, so nothing would tell "
                f'when yours is there. Add `ports: ["8080"]` (the port it listens on) to it.'
            )


def check_names(swaps: Swaps, services: Mapping[str, Any]) -> None:
    """Check that what is named is a service.

    Raises:
        UnknownServiceError: It is not; the nearest name is offered.
    """
    for name, how in swaps.hows.items():
        if name not in services:
            raise UnknownServiceError(
                f"{how.option} names {name!r}, but no compose file defines such a service. "
                f"{nearest(name, list(services))}"
            )


def swapped(project: Project, swaps: Swaps, *, fronts: bool) -> Project:
    """Return a project with some services swapped.

    Args:
        project: The project.
        swaps: Which, and how.
        fronts: Whether the others run in containers, which are to find them.

    Raises:
        UnknownServiceError: A name is no service.
        SettingError: One cannot be swapped.
    """
    check_swaps(project, swaps)
    networks: dict[str, Mapping[str, Any]] = (
        {front_network(name): {} for name in swaps.hows} if fronts else {}
    )
    services = {
        name: _swapped(service, swaps, fronts=fronts) if name in swaps.hows else service
        for name, service in project.services.items()
    }
    return Project(
        services=services,
        networks={**project.networks, **networks},
        volumes=project.volumes,
        configs=project.configs,
        secrets=project.secrets,
        rest=project.rest,
        unset=project.unset,
        dotenv={n: v for n, v in project.dotenv.items() if swaps.hows.get(n) is not How.REMOTE},
        placeholders=project.placeholders,
    )


def _swapped(service: Service, swaps: Swaps, *, fronts: bool) -> Service:
    how = swaps.hows[service.name]
    config: dict[str, Any] = {**as_process(service).config}
    harness = {**config["x-harness"], KEY: {"how": how.value}}
    if how.is_ours:
        # the image is none of the engine's business; what it would run still is
        if not harness.get("process") and (known := process_of(service).use):
            harness["process"] = {"use": known}
    else:
        harness["ready"] = _answering(harness.get("ready"), forever=how is How.ATTACH)
        harness["reset"] = "none"
        for key in ("scale", "deploy", "restart"):
            config.pop(key, None)
    if how is How.REMOTE:
        place = swaps.places[service.name]
        harness[KEY] = {"how": how.value, "at": [*place]}
        for key in ("depends_on", "links", "environment", "env_file"):
            config.pop(key, None)
        config["ports"] = [{"target": _first_port(service) or place.port, "protocol": "tcp"}]
    config.pop("image", None)
    if fronts:
        config["networks"] = {**(config.get("networks") or {}), front_network(service.name): None}
    config["x-harness"] = harness
    return parse_service(service.name, config, service.place)


def _first_port(service: Service) -> int | None:
    """Return the container's first TCP port that a service publishes, or exposes."""
    published = [port.container_port for port in service.ports if port.protocol == "tcp"]
    exposed = [str(port).removesuffix("/tcp") for port in service.config.get("expose") or ()]
    return next(iter([*published, *(int(port) for port in exposed if port.isdecimal())]), None)


def _answering(ready: object, *, forever: bool) -> list[dict[str, Any]]:
    """Return what is left of a ``ready`` for what can only be asked over its ports."""
    entries = ready if isinstance(ready, list) else [ready]
    kept: list[dict[str, Any]] = []
    for entry in entries:
        mapping: Any = {entry: True} if isinstance(entry, str) else entry or {}
        keys = ("tcp", "http") if forever else ("tcp", "http", "timeout")
        found = {key: mapping[key] for key in keys if key in mapping}
        if found:
            kept.append(found)
    return [*kept, {"timeout": _FOREVER}] if forever else kept
