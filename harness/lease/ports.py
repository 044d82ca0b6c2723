"""Host ports, claimed across processes before a container wants them."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import threading
from collections.abc import Iterable
from pathlib import Path

from harness.errors import PortTakenError
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

    A claim is a record lock on one byte of a file that all processes of this user share, the
    byte's offset being the port. The kernel drops it when the process ends, however it ends.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._path = (folder or shared_folder()) / "ports"
        self._file: int | None = None
        self._held: set[int] = set()
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
                if port not in self._held and self._try(port):
                    if _is_free(host_ip, port):
                        self._held.add(port)
                        return port
                    self._unlock(port)
        raise PortTakenError(
            f"wanted a free host port on {host_ip}, but every one from {self._range.start} to "
            f"{self._range.stop - 1} is taken. Stop what listens there."
        )

    def release(self, ports: Iterable[int]) -> None:
        """Give ports back. Those not held are passed over."""
        with self._lock:
            for port in ports:
                if port in self._held:
                    self._held.remove(port)
                    self._unlock(port)

    def close(self) -> None:
        """Give every port back."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
            self._file = None
            self._held.clear()

    def _try(self, port: int) -> bool:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:
            return False
        return True

    def _unlock(self, port: int) -> None:
        if self._file is not None:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, port)


def _is_free(host_ip: str, port: int) -> bool:
    """Whether a listener could have the port. Where the address is not ours, the engine decides."""
    try:
        local = socket.socket(socket.AF_INET6 if ":" in host_ip else socket.AF_INET)
    except OSError:
        return True
    with local:
        local.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            local.bind((host_ip, port))
        except OSError as error:
            import errno

            return error.errno == errno.EADDRNOTAVAIL
    return True
