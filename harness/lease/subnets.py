"""Small subnets for the networks of stacks, claimed across processes.

Docker's own pools hold some thirty networks (``default-address-pools``: 172.17.0.0/16 to
172.31.0.0/16, and 192.168.0.0/16 by /20), and a pool that is used up fails the next stack. A
stack needs a dozen addresses, not 65536.
"""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from harness.engine.reach import Seat
from harness.lease.locks import ByteLocks
from harness.lease.shared import shared_folder

RANGES = (IPv4Network("10.219.0.0/16"), IPv4Network("198.18.0.0/15"))
"""Where a local engine's subnets come from.

The first is private (RFC 1918) and outside of what tools take unless told otherwise: Docker
(172.16.0.0/12, 192.168.0.0/16; Swarm from 10.0.0.0 up), Kubernetes (10.96.0.0/12, 10.244.0.0/16),
k3s (10.42.0.0/15), Podman (10.88.0.0 to 10.99.255.255), OpenVPN (10.8.0.0/24). The second is for
tests of networks (RFC 2544), and left where a route to all of 10.0.0.0/8 covers the first.
"""
SMALLEST = 28
"""The longest prefix of a subnet: 16 addresses. A lock's byte stands for one of these."""
_RESERVED = 3  # the network itself, its gateway, its broadcast address
_ROUTES = Path("/proc/net/route")


class SubnetClaims:
    """The subnets that this process holds, by the stack and the network that each is for.

    A claim is a lock on bytes of a file that all processes of this user share: one for each
    block of 16 addresses, the byte's offset being the number of the block in all of IPv4. So
    runs with other ranges, or other sizes, see each other.
    """

    def __init__(
        self,
        ranges: Sequence[IPv4Network],
        taken: Callable[[], Iterable[IPv4Network]],
        folder: Path | None = None,
    ) -> None:
        """Hold nothing yet.

        Args:
            ranges: Where to claim from, the first first; none means the engine's own pools.
            taken: Returns what hosts and networks use already; called when it has to be known.
            folder: Where the shared file is.
        """
        self._ranges = ranges
        self._read_taken = taken
        self._taken: list[IPv4Network] | None = None
        self._refused: list[IPv4Network] = []
        self._locks = ByteLocks((folder or shared_folder()) / "subnets")
        self._claims: dict[str, dict[str, IPv4Network | None]] = {}
        # the blocks to try next: not where other processes try, nor what was just given back
        self._next = {r: random.SystemRandom().randrange(_blocks(r)) for r in ranges}
        self._lock = threading.Lock()

    def claim(self, stack: str, networks: Mapping[str, int]) -> dict[str, str]:
        """Return a subnet for each network of a stack, the same as last time if it has one.

        Args:
            stack: The name of the stack.
            networks: How many containers each network must have room for.

        Returns:
            The subnets in CIDR notation. A network for which there is none is left to the
            engine's own pools, and is not in it.
        """
        with self._lock:
            claims = self._claims.setdefault(stack, {})
            for network, containers in networks.items():
                if network not in claims:
                    claims[network] = self._free(prefix_for(containers))
            return {n: str(subnet) for n in networks if (subnet := claims[n])}

    def of(self, stack: str, network: str) -> str | None:
        """Return the subnet that is claimed for a network."""
        with self._lock:
            subnet = self._claims.get(stack, {}).get(network)
            return str(subnet) if subnet else None

    def instead(self, stack: str, network: str, give_up: bool = False) -> str | None:
        """Return another subnet for one that the engine refused.

        Args:
            stack: The name of the stack.
            network: The network.
            give_up: Look no further: the engine's own pools are to serve this network.

        Returns:
            The subnet in CIDR notation; None if it is the engine's to choose one.
        """
        with self._lock:
            refused = self._claims[stack].pop(network)
            another = None
            if refused:
                self._refused.append(refused)
                self._taken = None  # what has come since is why it was refused
                self._locks.give_back(*_bytes(refused))
                another = None if give_up else self._free(refused.prefixlen)
            self._claims[stack][network] = another
            return str(another) if another else None

    def release(self, stack: str) -> None:
        """Give back all that a stack has."""
        with self._lock:
            for subnet in self._claims.pop(stack, {}).values():
                if subnet:
                    self._locks.give_back(*_bytes(subnet))

    def close(self) -> None:
        """Give everything back."""
        with self._lock:
            self._claims.clear()
            self._locks.close()

    def _free(self, prefix: int) -> IPv4Network | None:
        """Take the next subnet that nobody uses."""
        if self._taken is None and self._ranges:
            self._taken = list(self._read_taken())
        taken = [*(self._taken or ()), *self._refused]
        for whole in self._ranges:
            near = [used for used in taken if used.overlaps(whole)]
            for subnet in self._candidates(whole, prefix):
                if not any(used.overlaps(subnet) for used in near) and self._locks.take(
                    *_bytes(subnet)
                ):
                    start, length = _bytes(subnet)
                    self._next[whole] = start + length - _bytes(whole)[0]
                    return subnet
        return None

    def _candidates(self, whole: IPv4Network, prefix: int) -> Iterator[IPv4Network]:
        """Yield every subnet of a range once, from where the last one was found."""
        blocks = 1 << (SMALLEST - prefix)
        count = _blocks(whole) // blocks
        first = -(-self._next[whole] // blocks)
        for step in range(count):
            number = (first + step) % count
            address = int(whole.network_address) + number * blocks * 16
            yield IPv4Network((address, prefix))


def ranges_for(seat: Seat) -> tuple[IPv4Network, ...]:
    """Return where subnets come from unless the user says so; nowhere: the engine chooses.

    From a container the routes of the engine's machine cannot be seen, and one may lead to what
    is private (a company's network, say). None leads to the range for tests of networks.
    """
    return {Seat.MACHINE: RANGES, Seat.CONTAINER: RANGES[1:], Seat.ELSEWHERE: ()}[seat]


def prefix_for(containers: int) -> int:
    """Return the prefix of the smallest subnet with room for so many containers."""
    bits = (containers + _RESERVED - 1).bit_length()
    return min(SMALLEST, 32 - bits)


def used_by_host(ranges: Sequence[IPv4Network] | None = None) -> list[IPv4Network]:
    """Return what the routes of this machine lead to, the default route apart.

    Args:
        ranges: The ranges that the user chose, if so. A route that covers a whole one is no
            obstacle: it was known when the range was chosen.
    """
    try:
        found = routes(_ROUTES.read_text())
    except OSError:  # not Linux: the engine runs in a virtual machine
        return []
    return [r for r in found if not any(chosen.subnet_of(r) for chosen in ranges or ())]


def routes(table: str) -> list[IPv4Network]:
    """Read ``/proc/net/route``; addresses are in the machine's byte order."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 7 and int(fields[7], 16):
            destination, mask = (
                IPv4Address(int(text, 16).to_bytes(4, sys.byteorder)) for text in fields[1:8:6]
            )
            found.append(IPv4Network(f"{destination}/{mask}", strict=False))
    return found


def _bytes(subnet: IPv4Network) -> tuple[int, int]:
    """Return the first byte and the number of bytes that stand for a subnet."""
    return int(subnet.network_address) >> (32 - SMALLEST), _blocks(subnet)


def _blocks(subnet: IPv4Network) -> int:
    return 1 << (SMALLEST - subnet.prefixlen)
