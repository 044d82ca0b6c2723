"""Ports that a service outside of containers needs of those inside, and that nobody publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from harness.model.project import Project, Service, parse_service, unescaped
from harness.plan.addresses import Address, AmbiguousError, rewritten
from harness.plan.process_entry import process_of
from harness.plan.ready import tcp_ports
from harness.plan.swaps import How, swap_of


def published_for(project: Project) -> Project:
    """Return a project in which what swapped services name of containers is published.

    A service whose ports the compose file fixes, or whose network is another's, stays as it is:
    then the variable that names it is told when its process is to start.
    """
    wanted: dict[str, set[int]] = {}
    for service in project.services.values():
        if swap_of(service) in (How.LOCAL, How.ATTACH):
            for name, port in _named(project, service):
                wanted.setdefault(name, set()).add(port)
    services = {
        name: _publishing(service, sorted(wanted.get(name, ())))
        for name, service in project.services.items()
    }
    return replace(project, services=services)


def _publishing(service: Service, ports: list[int]) -> Service:
    new = [port for port in ports if port not in tcp_ports(service)]
    if not new or service.fixed or service.config.get("network_mode"):
        return service
    entries = [{"target": port, "protocol": "tcp", "mode": "ingress"} for port in new]
    config = {**service.config, "ports": [*(service.config.get("ports") or ()), *entries]}
    return parse_service(service.name, config, service.place)


def _named(project: Project, service: Service) -> Iterator[tuple[str, int]]:
    """Yield the services in containers, with the ports, that one's variables name."""
    names = _containers(project, service)
    own = process_of(service).environment
    declared = service.config.get("environment") or {}
    theirs = {
        str(name): unescaped(value)
        for name, value in declared.items()
        if value is not None and name not in own
    }
    asked: set[tuple[str, int]] = set()
    seen = {name: _Asked(to, tcp_ports(project.services[to]), asked) for name, to in names.items()}
    for variable in theirs:  # one that cannot be understood is told at the start, not here
        pair = {variable: theirs[variable]}
        try:
            rewritten({**pair, **_numbers(theirs)}, seen)
        except AmbiguousError:
            continue
    yield from sorted(asked)


def _numbers(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that may hold the port to another's host."""
    return {name: value for name, value in environment.items() if value.isdecimal()}


def _containers(project: Project, service: Service) -> dict[str, str]:
    """Return the services in containers that one shares a network with, by all their names."""
    joined = {*service.networks}
    found: dict[str, str] = {}
    for other in project.services.values():
        if swap_of(other) or not joined & {*other.networks}:
            continue
        entries = [(other.config.get("networks") or {}).get(n) or {} for n in other.networks]
        own = other.config.get("container_name")
        aliases = [alias for entry in entries for alias in entry.get("aliases") or ()]
        for name in (other.name, *aliases, *([own] if own else ())):
            found.setdefault(str(name), other.name)
    for link in service.config.get("links") or ():
        to, _, alias = str(link).partition(":")
        if alias and to in found:
            found[alias] = found[to]
    return found


class _Asked(Mapping[int, Address]):
    """Every port of a service; takes note of those that are asked for."""

    def __init__(self, service: str, ports: tuple[int, ...], asked: set[tuple[str, int]]) -> None:
        self._service = service
        self._ports = ports
        self._asked = asked

    def __contains__(self, port: object) -> bool:
        return isinstance(port, int)

    def __getitem__(self, port: int) -> Address:
        self._asked.add((self._service, port))
        return Address(self._service, port)

    def __iter__(self) -> Iterator[int]:
        return iter(self._ports)

    def __len__(self) -> int:
        return len(self._ports)
