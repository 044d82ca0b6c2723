"""Whether the tests run in a container of the engine that they use, and in which."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.engine.client import translated
from harness.engine.reach import OwnContainer
from harness.errors import HarnessError

if TYPE_CHECKING:
    from docker import APIClient

_PROC = Path("/proc/self")
# What Docker and Podman put into the root of each container. A machine that was made from an
# image may have kept it: it says where to look, not what is so.
_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
# The engine mounts these from the container's own folder, whatever the cgroup version; with
# `--network container:x` they are those of x, whose network it is.
_MOUNTED = {"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"}
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_SHORT_ID = re.compile(r"[0-9a-f]{12}")


def own_container(client: APIClient) -> OwnContainer | None:
    """Return the container of this engine that this process runs in.

    On an ordinary machine this costs no call: nothing there looks like a container's id.
    """
    for id_ in container_ids(_read("mountinfo"), _read("cgroup"), _marked_hostname()):
        try:
            with translated():
                inspected = _whose_network(client, client.inspect_container(id_))
                if _is_ours(id_, inspected):
                    return _described(client, inspected)
        except HarnessError:  # another engine's container, or the engine does not tell
            continue
    return None


def container_ids(mountinfo: str, cgroup: str, hostname: str) -> tuple[str, ...]:
    """Return the ids that the container of a process may have, the likeliest first.

    Args:
        mountinfo: The content of ``/proc/self/mountinfo`` (see ``proc(5)``).
        cgroup: The content of ``/proc/self/cgroup``.
        hostname: The host name, if this looks like a container at all.
    """
    mounts = (line.split() for line in mountinfo.splitlines())
    sources = [fields[3] for fields in mounts if len(fields) > 4 and fields[4] in _MOUNTED]
    ids = [id_ for source in sources for id_ in _ID.findall(source)]
    # a container in a container: the innermost comes last
    ids += [id_ for line in cgroup.splitlines() for id_ in reversed(_ID.findall(line))]
    if _SHORT_ID.fullmatch(hostname):
        ids.append(hostname)
    return tuple(dict.fromkeys(ids))


def gateways(networks: Mapping[str, Mapping[str, Any]], drivers: Mapping[str, str]) -> list[str]:
    """Return the engine's addresses in a container's networks, by the networks' names.

    The gateway of a bridge network is the engine's machine; that of a macvlan, say, is a router.

    Args:
        networks: ``NetworkSettings.Networks`` of the container.
        drivers: The driver of each network.
    """
    found = ((name, str(entry.get("Gateway") or "")) for name, entry in sorted(networks.items()))
    return [gateway for name, gateway in found if gateway and drivers.get(name) == "bridge"]


def _whose_network(client: APIClient, inspected: dict[str, Any]) -> dict[str, Any]:
    """Return the container whose network a container is in: its own, or another's."""
    kind, _, other = str(inspected["HostConfig"].get("NetworkMode") or "").partition(":")
    return client.inspect_container(other) if kind == "container" else inspected


def _is_ours(id_: str, inspected: Mapping[str, Any]) -> bool:
    """Whether this process runs in a container, or has its network at least.

    An id may be that of a container which holds the one that we run in, or, as a host name, have
    been given by hand: the container must have an address of ours.
    """
    addresses = {str(entry.get("IPAddress") or "") for entry in _networks(inspected).values()}
    addresses.discard("")
    if not inspected["State"].get("Running"):
        return False
    return bool(addresses & {*_own_addresses()}) if addresses else len(id_) == 64


def _described(client: APIClient, inspected: Mapping[str, Any]) -> OwnContainer:
    networks = _networks(inspected)
    on_machine = inspected["HostConfig"].get("NetworkMode") == "host" or "host" in networks
    drivers = {
        name: client.inspect_network(entry["NetworkID"])["Driver"]
        for name, entry in networks.items()
        if not on_machine and entry.get("Gateway")
    }
    return OwnContainer(
        inspected["Name"].lstrip("/"), on_machine, tuple(gateways(networks, drivers))
    )


def _networks(inspected: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    return inspected["NetworkSettings"].get("Networks") or {}


def _own_addresses() -> Iterator[str]:
    import psutil

    for entries in psutil.net_if_addrs().values():
        yield from (entry.address for entry in entries if entry.family == socket.AF_INET)


def _read(name: str) -> str:
    try:
        return (_PROC / name).read_text(errors="replace")
    except OSError:  # not Linux
        return ""


def _marked_hostname() -> str:
    return socket.gethostname() if any(mark.exists() for mark in _MARKS) else ""
