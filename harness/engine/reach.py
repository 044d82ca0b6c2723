"""Where an engine's published ports answer, and on which address they are published: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import ip_address

LOOPBACK = "127.0.0.1"
ANY = "0.0.0.0"  # noqa: S104 - where nothing narrower serves
# How engines say that an address is not theirs: dockerd on Linux, Docker Desktop on macOS and
# on Windows.
_NOT_ITS_OWN = (
    "cannot assign requested address",
    "can't assign requested address",
    "requested address is not valid in its context",
)


class Seat(StrEnum):
    """Where the tests run, as seen from the engine."""

    MACHINE = "on the engine's machine"
    CONTAINER = "in a container of the engine"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class OwnContainer:
    """The container of the engine that the tests run in.

    Attributes:
        name: Its name.
        on_machine: Whether it has the machine's own network (``--network host``).
        gateways: The addresses of the engine in the bridge networks that the container is in.
    """

    name: str
    on_machine: bool = False
    gateways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """How the tests reach what an engine publishes.

    Attributes:
        seat: Where the tests run.
        host: Where a port that is published on every address answers.
        publish_ip: The narrowest address of the engine that the tests can reach.
        doubt: What the user is to be told of it, if anything.
    """

    seat: Seat
    host: str
    publish_ip: str
    doubt: str = ""


def reach_of(named: str, addresses: Sequence[str], container: OwnContainer | None) -> Reach:
    """Return how the tests reach an engine's published ports.

    Args:
        named: The host that the engine's address names; ``""`` for a socket of this machine.
        addresses: What that name resolves to here, the best first.
        container: The engine's container that the tests run in, if they do.
    """
    if container and container.on_machine:
        return Reach(Seat.MACHINE, LOOPBACK, LOOPBACK)
    if container and container.gateways:
        return Reach(Seat.CONTAINER, container.gateways[0], container.gateways[0])
    if named and not addresses:
        return Reach(
            Seat.ELSEWHERE,
            named,
            ANY,
            f"the engine's host name {named!r} resolves to no address here: ports are published "
            f"on every address of the engine. Make the name known (DNS, /etc/hosts), or name an "
            f"address in DOCKER_HOST.",
        )
    if named and not _is_this_machine(addresses[0]):
        return Reach(Seat.ELSEWHERE, named, addresses[0])
    doubt = container and (
        f"the tests run in container {container.name!r}, which is in no bridge network of its "
        f"engine: published ports cannot be reached from there. Run it in one, or with "
        f"`--network host`."
    )
    return Reach(Seat.MACHINE, LOOPBACK, LOOPBACK, doubt or "")


def widened(reach: Reach) -> Reach:
    """Return how an engine is reached that refused to publish on the address wanted."""
    if reach.publish_ip == ANY:
        return reach
    return replace(
        reach,
        publish_ip=ANY,
        doubt=(
            f"the engine cannot publish ports on {reach.publish_ip}, by which it is reached from "
            f"here: the address is not its own (NAT, a proxy or a forwarded port). They are "
            f"published on all of its addresses, {ANY}. See that only you can reach it, or name "
            f"an address of its own in DOCKER_HOST."
        ),
    )


def is_not_its_own(refusal: str) -> bool:
    """Whether an engine refused to publish a port because the address is not its own."""
    return any(words in refusal for words in _NOT_ITS_OWN)


def _is_this_machine(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    return found.is_loopback or found.is_unspecified
