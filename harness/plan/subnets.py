"""Which networks of a stack get a subnet of the harness's choosing, and of what size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Network
from typing import Any

from harness.model.project import Project, Service
from harness.plan.elsewhere import is_fixed

JOINING = 8
"""How many containers that are not of the stack a network has room for."""


def room_wanted(project: Project, services: Sequence[Service]) -> dict[str, int]:
    """Return, for each network that gets a subnet, how many containers it must have room for.

    All that the project could ever put there count: a stack grows, its networks do not.
    """
    return {
        name: sum(s.replicas for s in project.services.values() if name in s.networks) + JOINING
        for name in sorted({name for service in services for name in service.networks})
        if takes_subnet(project.networks.get(name) or {})
    }


def fixed_subnets(project: Project) -> list[IPv4Network]:
    """Return the IPv4 subnets that the compose files fix: they are not for others to claim."""
    found = []
    for entry in project.networks.values():
        for pool in (entry.get("ipam") or {}).get("config") or ():
            with suppress(ValueError):  # IPv6, or something that Compose refuses
                found.append(IPv4Network(str(pool.get("subnet")), strict=False))
    return found


def takes_subnet(entry: Mapping[str, Any]) -> bool:
    """Whether a network leaves its subnet to the engine: then the harness may choose it."""
    return (
        not entry.get("external")
        and not is_fixed(entry)
        and entry.get("driver") in (None, "", "bridge")
        and not entry.get("ipam")
        and not entry.get("enable_ipv6")
        and entry.get("enable_ipv4") is not False
    )
