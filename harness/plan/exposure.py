"""What a service opens to more than the tests need: a warning each, with file and line.

The harness publishes on the narrowest address itself. What is told here is what the compose file
fixes, and what no published port limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Any

from harness.model.project import Port, Project, Service, unescaped

_SOCKETS = ("docker.sock", "docker.sock.raw", "podman.sock")
_USUAL_SOCKETS = (PurePosixPath("/var/run/docker.sock"), PurePosixPath("/run/docker.sock"))
# drivers that put a container on the network of the engine's machine, without published ports
_ON_THE_LAN = ("macvlan", "ipvlan")


def exposed(project: Project, services: Iterable[Service], publish_ip: str) -> tuple[str, ...]:
    """Return a warning for whatever listens on an address wider than the tests need.

    Args:
        project: The project.
        services: The services that are about to be started.
        publish_ip: The narrowest address of the engine that the tests can reach.
    """
    return tuple(
        warning
        for service in services
        for warning in (
            *_of_ports(service, publish_ip),
            *_of_networks(project, service, publish_ip),
            *_of_sockets(project, service),
        )
    )


def _of_ports(service: Service, publish_ip: str) -> Iterator[str]:
    """Yield what is to be told of ports that are published as the compose file says."""
    for port in service.ports if service.fixed else ():
        how = _written(port, publish_ip)
        if _is_wider(port.host_ip, publish_ip):
            yield (
                f"{service.called} publishes {port} {_where(port)}, and `fixed: true` keeps it "
                f"so: others than the tests can connect, who need {publish_ip} alone. "
                f"Write {how}, or remove `fixed` and let the harness choose."
            )
        elif _is_out_of_reach(port.host_ip, publish_ip):
            yield (
                f"{service.called} publishes {port} {_where(port)}, and `fixed: true` keeps it "
                f"so: that is not this machine, and the tests cannot connect. "
                f"Write {how}, or remove `fixed` and let the harness choose."
            )


def _of_networks(project: Project, service: Service, publish_ip: str) -> Iterator[str]:
    """Yield what is to be told of networks in which every port of a container is open."""
    declared = {name: project.networks.get(name) or {} for name in service.networks}
    hosts = any(_is_the_machines(entry) for entry in declared.values())
    if hosts or service.config.get("network_mode") == "host":
        yield (
            f"{service.called} has the network of the engine's machine (`network_mode: host`): it "
            f"listens on whatever addresses its program chooses, not on "
            f"{publish_ip} alone, and two of it meet. Give it `ports:` instead."
        )
    for name, entry in declared.items():
        if (driver := entry.get("driver")) in _ON_THE_LAN:
            yield (
                f"{service.called} is in network {name!r}, whose driver {driver} puts it "
                f"on the network of the engine's machine: others than the tests can connect to "
                f"all of its ports. Leave the driver out, and give it `ports:`."
            )


def _of_sockets(project: Project, service: Service) -> Iterator[str]:
    """Yield what is to be told of an engine's socket in a container."""
    sources = (_source(project, mount) for mount in service.config.get("volumes") or ())
    found = next((source for source in sources if _holds_socket(source)), None)
    if found is None and service.config.get("use_api_socket") is True:
        found = "use_api_socket: true"
    if found is not None:
        yield (
            f"{service.called} gets the engine's socket ({found}): whoever gets into the "
            f"container has the whole machine, and what it starts there is not the harness's to "
            f"remove. Take it out, or give it an engine of its own."
        )


def _source(project: Project, mount: Mapping[str, Any]) -> str:
    """Return the path of the engine's machine that is mounted, also by a volume; else ``""``."""
    source = mount.get("source") or ""
    if mount.get("type") == "volume":
        volume = project.volumes.get(source) or {}
        source = (volume.get("driver_opts") or {}).get("device") or ""
    elif mount.get("type") != "bind":
        source = ""
    return unescaped(str(source))


def _is_wider(host_ip: str, publish_ip: str) -> bool:
    """Whether more can connect to one address of the engine than to another."""
    if _is_any(publish_ip) or host_ip == publish_ip:
        return False
    return _is_any(host_ip) or (_is_loopback(publish_ip) and not _is_loopback(host_ip))


def _is_out_of_reach(host_ip: str, publish_ip: str) -> bool:
    return _is_loopback(host_ip) and not _is_loopback(publish_ip)


def _is_any(address: str) -> bool:
    return not address or ip_address(address).is_unspecified


def _is_loopback(address: str) -> bool:
    return bool(address) and ip_address(address).is_loopback


def _where(port: Port) -> str:
    return "on every address of the engine" if _is_any(port.host_ip) else f"on {port.host_ip}"


def _written(port: Port, host_ip: str) -> str:
    """Return how a compose file publishes a port on an address."""
    address = f"[{host_ip}]" if ":" in host_ip else host_ip
    protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
    return f'"{address}:{port.published}:{port.container_port}{protocol}"'


def _is_the_machines(network: Mapping[str, Any]) -> bool:
    """Whether a network is the machine's own, under whatever name the compose file has for it."""
    named = network.get("external") and network.get("name")
    return "host" in (named, network.get("driver"))


def _holds_socket(source: str) -> bool:
    """Whether a path of the engine's machine is an engine's socket, or a folder with one."""
    path = PurePosixPath(source)
    return path.name in _SOCKETS or any(path in usual.parents for usual in _USUAL_SOCKETS)
