"""A project in which some services are swapped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.errors import SettingError, UnknownServiceError, nearest
from harness.model.project import Project, Service, parse_service
from harness.plan.as_processes import as_process
from harness.plan.process_entry import process_of
from harness.plan.swaps import KEY, How, Swaps, front_network

_FOREVER = "87600h"  # for a developer in a debugger


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
