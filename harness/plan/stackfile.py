"""The compose file of one stack: the resolved closure, with all that two stacks cannot share.

Compose gets one file that holds the closure and nothing else, already resolved. So no service
outside it can fail the start, and what the harness chooses stands in one place instead of in an
override that must know how each key merges.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.model.project import Project, Service
from harness.plan.elsewhere import Elsewhere, is_fixed, pointed_elsewhere


@dataclass(frozen=True, slots=True)
class Choices:
    """What the harness decides for a stack.

    Attributes:
        labels: Labels of every container, network and volume.
        host_ip: The address on which chosen ports are published.
        ports: Host ports of each service, parallel to its declared ports; ``None`` lets the
            engine pick.
        images: The image of each service that does not run the one its compose file names.
        environment: Variables given to a service on top of its own.
        elsewhere: What longer-lived stacks have that this one uses.
        subnets: The subnet of each network for which the harness has one, in CIDR notation.
    """

    labels: Mapping[str, str]
    host_ip: str
    ports: Mapping[str, Sequence[int | None]] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    subnets: Mapping[str, str] = field(default_factory=dict)


def stack_document(
    project: Project, services: Sequence[Service], choices: Choices
) -> dict[str, Any]:
    """Return the compose document of a stack of these services."""
    names = {service.name for service in services}
    sections = {
        service.name: _service(service, names, choices, project.dotenv.get(service.name, {}))
        for service in services
    }
    networks = _resources(
        project.networks, _used(services, "networks"), choices, choices.elsewhere.networks
    )
    for name, subnet in choices.subnets.items():
        networks[name]["ipam"] = {"config": [{"subnet": subnet}]}
    return {
        **{key: value for key, value in project.rest.items() if not key.startswith("x-")},
        "services": sections,
        "networks": networks,
        "volumes": _resources(
            project.volumes,
            {v for s in services for v in s.volumes},
            choices,
            choices.elsewhere.volumes,
        ),
        "configs": _subset(project.configs, _sources(services, "configs")),
        "secrets": _subset(project.secrets, _sources(services, "secrets")),
    }


def _service(
    service: Service, closure: Collection[str], choices: Choices, dotenv: Mapping[str, str]
) -> dict[str, Any]:
    config = pointed_elsewhere(service.config, choices.elsewhere.containers)
    for key in ("build", "develop", "profiles"):
        config.pop(key, None)
    config["labels"] = {**(config.get("labels") or {}), **choices.labels}
    if image := choices.images.get(service.name):
        config["image"] = image
    own = config.get("environment") or {}
    passed_on = {k: v for k, v in dotenv.items() if k in own and own[k] is None}
    if given := {**passed_on, **choices.environment.get(service.name, {})}:
        config["environment"] = {**own, **{k: v.replace("$", "$$") for k, v in given.items()}}
    if depends_on := config.get("depends_on"):
        config["depends_on"] = {k: v for k, v in depends_on.items() if k in closure}
    if service.ports and not service.fixed:
        config["ports"] = _ports(config["ports"], choices.ports[service.name], choices.host_ip)
    if not service.fixed and (name := config.pop("container_name", None)):
        config["networks"] = _with_alias(config.get("networks"), name)
    return config


def _ports(
    declared: Iterable[Mapping[str, Any]], chosen: Sequence[int | None], host_ip: str
) -> list[dict[str, Any]]:
    """Publish each port where the harness chose, on an address no wider than needed."""
    ports = []
    for entry, host_port in zip(declared, chosen, strict=True):
        port = {**entry, "host_ip": host_ip}
        port.pop("published", None)
        if host_port is not None:
            port["published"] = str(host_port)
        ports.append(port)
    return ports


def _with_alias(networks: Mapping[str, Any] | None, alias: str) -> dict[str, Any]:
    """Keep a dropped ``container_name`` reachable: others may use it as a host name."""
    return {
        name: {**(entry or {}), "aliases": [*((entry or {}).get("aliases") or ()), alias]}
        for name, entry in (networks or {}).items()
    }


def _resources(
    declared: Mapping[str, Mapping[str, Any]],
    used: Collection[str],
    choices: Choices,
    elsewhere: Mapping[str, str],
) -> dict[str, Any]:
    """Give the networks or volumes in use our labels, and names of this stack's own."""
    resources: dict[str, Any] = {}
    for name, entry in declared.items():
        if name in used and name in elsewhere:
            resources[name] = {"external": True, "name": elsewhere[name]}
        elif name in used:
            resources[name] = dict(entry) if entry.get("external") else _own(entry, choices)
    return resources


def _own(entry: Mapping[str, Any], choices: Choices) -> dict[str, Any]:
    own = {**entry, "labels": {**(entry.get("labels") or {}), **choices.labels}}
    if not is_fixed(entry):
        own.pop("name", None)
    return own


def _subset(declared: Mapping[str, Any], used: Collection[str]) -> dict[str, Any]:
    return {name: dict(entry) for name, entry in declared.items() if name in used}


def _used(services: Iterable[Service], key: str) -> set[str]:
    return {name for service in services for name in service.config.get(key) or ()}


def _sources(services: Iterable[Service], key: str) -> set[str]:
    return {entry["source"] for service in services for entry in service.config.get(key) or ()}
