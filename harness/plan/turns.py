"""What a stack cannot share with another: stacks that want the same take turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.model.project import Project, Service
from harness.plan.elsewhere import Elsewhere, is_fixed


def exclusive(
    project: Project, services: Sequence[Service], elsewhere: Elsewhere | None = None
) -> tuple[str, ...]:
    """Return the names of all that only one stack can have at a time, sorted.

    These are fixed host ports, container names, networks and volumes (``x-harness: {fixed:
    true}``), and subnets that the compose file fixes. What a longer-lived stack of the same test
    has is used, and not wanted again.
    """
    found: set[str] = set()
    for service in services:
        if service.fixed:
            found.update(_of_service(service))
    there = elsewhere or Elsewhere()
    for kind, declared, used, had in (
        ("network", project.networks, {n for s in services for n in s.networks}, there.networks),
        ("volume", project.volumes, {v for s in services for v in s.volumes}, there.volumes),
    ):
        for name in (used & set(declared)) - set(had):
            entry = declared[name]
            if entry.get("external"):
                continue
            if is_fixed(entry):
                found.add(f"{kind} {entry.get('name') or name}")
            pools = (entry.get("ipam") or {}).get("config") or ()
            if any(pool.get("subnet") for pool in pools):
                found.add("fixed subnets")  # one for all: they may overlap
    return tuple(sorted(found))


def _of_service(service: Service) -> Iterable[str]:
    if name := service.config.get("container_name"):
        yield f"container {name}"
    for port in service.ports:
        if port.published:
            first, _, last = port.published.partition("-")
            for number in range(int(first), int(last or first) + 1):
                yield f"port {number}/{port.protocol}"
