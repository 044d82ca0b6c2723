"""What a stack uses of longer-lived ones: their containers, volumes and networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.model.project import Project, Service


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is there already, in other stacks.

    Attributes:
        containers: The id of each service's (first) container.
        volumes: The real names of volumes.
        networks: The real names of networks that only one stack can have.
    """

    containers: Mapping[str, str] = field(default_factory=dict)
    volumes: Mapping[str, str] = field(default_factory=dict)
    networks: Mapping[str, str] = field(default_factory=dict)

    def joined(self, other: Elsewhere) -> Elsewhere:
        """Return what both have."""
        return Elsewhere(
            {**self.containers, **other.containers},
            {**self.volumes, **other.volumes},
            {**self.networks, **other.networks},
        )


def left_for_others(project: Project, stack: str, containers: Mapping[str, str]) -> Elsewhere:
    """Return what others can use of a stack.

    Args:
        project: The project that its services are of.
        stack: Its name, by which Compose names its volumes and networks.
        containers: The id of each service's (first) container.
    """
    services = [project.services[name] for name in containers]
    return Elsewhere(
        containers,
        _names(project.volumes, {v for s in services for v in s.volumes}, stack),
        {
            name: real
            for name, real in _names(
                project.networks, {n for s in services for n in s.networks}, stack
            ).items()
            if is_single(project.networks[name])
        },
    )


def is_single(network: Mapping[str, Any]) -> bool:
    """Whether only one stack at a time can have a network: its name or its subnet is fixed."""
    pools = (network.get("ipam") or {}).get("config") or ()
    return is_fixed(network) or any(pool.get("subnet") for pool in pools)


def is_fixed(entry: Mapping[str, Any]) -> bool:
    """Whether a network or volume keeps the name that the compose file gives it."""
    return (entry.get("x-harness") or {}).get("fixed") is True


def _names(
    declared: Mapping[str, Mapping[str, Any]], used: Iterable[str], stack: str
) -> dict[str, str]:
    """Return the real names of volumes or networks that a stack makes."""
    return {
        name: str(entry.get("name") or name) if is_fixed(entry) else f"{stack}_{name}"
        for name in sorted(used)
        if (entry := declared.get(name)) is not None and not entry.get("external")
    }


def pointed_elsewhere(config: Mapping[str, Any], containers: Mapping[str, str]) -> dict[str, Any]:
    """Return a service's section with what it shares with services of other stacks.

    Compose knows only the services of one project: their containers are named by id, and a link
    is left to the network, which knows them by their names.
    """
    changed = dict(config)
    for key in ("network_mode", "ipc", "pid"):
        name = str(config.get(key) or "").removeprefix("service:")
        if name in containers and config[key] == f"service:{name}":
            changed[key] = f"container:{containers[name]}"
    if mounted := config.get("volumes_from"):
        changed["volumes_from"] = [_mounted(str(source), containers) for source in mounted]
    if links := config.get("links"):
        changed["links"] = [x for x in links if str(x).partition(":")[0] not in containers]
    return changed


def _mounted(source: str, containers: Mapping[str, str]) -> str:
    name, colon, mode = source.partition(":")
    return f"container:{containers[name]}{colon}{mode}" if name in containers else source


def aliases(service: Service, users: Iterable[Service], network: str) -> list[str]:
    """Return the names by which services of another stack know a service in a network.

    Args:
        service: The longer-lived service.
        users: The services that are connected to it: their links are names of it too.
        network: The network, as the compose files name it.
    """
    entry = (service.config.get("networks") or {}).get(network) or {}
    links = (str(x).partition(":") for user in users for x in user.config.get("links") or ())
    own = service.config.get("container_name")
    names = [service.name, *(entry.get("aliases") or ()), *([own] if own else [])]
    names += [alias for name, _, alias in links if name == service.name and alias]
    return [*dict.fromkeys(names)]
