"""Services that do not run as the others do: as processes, elsewhere, or started by the user.

What is said of each stands in its ``x-harness`` section from then on (``swapped``), and so in the
documents of stacks: whoever makes something of a service sees it there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address

from harness.model.project import Project, Service
from harness.plan.addresses import Address

KEY = "swapped"
_FRONT = "harness-front-"
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
