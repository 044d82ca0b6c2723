"""Host ports, claimed across processes before a container wants them."""

from __future__ import annotations

import errno
import random
import socket
import threading
from collections.abc import Iterable
from pathlib import Path

from harness.errors import PortTakenError
from harness.lease.locks import ByteLocks
from harness.lease.shared import shared_folder

LOWEST = 20_000
_KERNEL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def port_range() -> range:
    """Return the ports to choose from: below the kernel's ephemeral range.

    A port of that range may become the local end of somebody's connection at any moment
    (Linux: ``ip_local_port_range``, 32768 to 60999 unless set).
    """
    try:
        ephemeral = int(_KERNEL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        ephemeral = 32_768
    return range(LOWEST, ephemeral) if ephemeral >= LOWEST + 1000 else range(10_000, LOWEST)


class PortClaims:
    """The host ports that this process holds.

    A claim is a lock on one byte of a file that all processes of this user share, the byte's
    offset being the port.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._locks = ByteLocks((folder or shared_folder()) / "ports")
        self._range = port_range()
        self._next = random.SystemRandom().choice(self._range)
        self._lock = threading.Lock()

    def claim(self, host_ip: str = "127.0.0.1") -> int:
        """Claim a port that nobody listens on.

        Raises:
            PortTakenError: Every port of the range is taken.
        """
        with self._lock:
            for _ in self._range:
                port = self._next
                self._next = port + 1 if port + 1 in self._range else self._range.start
                if self._locks.take(port):
                    if _is_free(host_ip, port):
                        return port
                    self._locks.give_back(port)
        raise PortTakenError(
            f"wanted a free host port on {host_ip}, but every one from {self._range.start} to "
            f"{self._range.stop - 1} is taken. Stop what listens there."
        )

    def take(self, port: int, host_ip: str = "127.0.0.1") -> bool:
        """Claim this one port; return whether nobody has claimed it, or listens there."""
        with self._lock:
            if not self._locks.take(port):
                return False
            if _is_free(host_ip, port):
                return True
            self._locks.give_back(port)
            return False

    def move_on(self) -> None:
        """Look elsewhere from now on: somebody whose claims cannot be seen from here is near."""
        with self._lock:
            self._next = random.SystemRandom().choice(self._range)

    def release(self, ports: Iterable[int]) -> None:
        """Give ports back. Those not held are passed over."""
        with self._lock:
            for port in ports:
                self._locks.give_back(port)

    def close(self) -> None:
        """Give every port back."""
        with self._lock:
            self._locks.close()


def _is_free(host_ip: str, port: int) -> bool:
    """Whether a listener could have the port. Where the address is not ours, the engine decides.

    One that a connection has had a minute ago (TIME_WAIT) could not be had by all: not every
    server asks for it with SO_REUSEADDR.
    """
    try:
        local = socket.socket(socket.AF_INET6 if ":" in host_ip else socket.AF_INET)
    except OSError:
        return True
    with local:
        try:
            local.bind((host_ip, port))
        except OSError as error:
            return error.errno == errno.EADDRNOTAVAIL
    return True
