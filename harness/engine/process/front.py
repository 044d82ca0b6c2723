"""The listeners of a forwarder, opened before there is one: nobody who connects comes too early."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from harness.engine.process import forward
from harness.engine.process.store import Made
from harness.errors import HarnessError, PortTakenError, SettingError
from harness.local.sockets import holder_of
from harness.plan.addresses import Address

_BACKLOG = 128


@contextmanager
def listeners(made: Made) -> Iterator[list[int]]:
    """Listen where a forwarder is to; give the open files that it inherits.

    Raises:
        SettingError: The address is not this machine's, or the port is the system's.
        PortTakenError: Somebody else listens there.
    """
    with ExitStack() as stack:
        opened = []
        for address, port, _, _ in made.forwards:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            one = stack.enter_context(socket.socket(family))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((address, port))
                one.listen(_BACKLOG)
            except OSError as error:
                raise refused(made, address, port, error) from None
            opened.append(one.fileno())
        yield opened


def command(made: Made, descriptors: Sequence[int]) -> list[str]:
    """Return the command of a forwarder that inherits listeners."""
    pairs = [
        f"{descriptor}={Address(host, to)}"
        for descriptor, (_, _, host, to) in zip(descriptors, made.forwards, strict=True)
    ]
    return [sys.executable, "-IS", str(forward.__file__), *pairs]


def refused(made: Made, address: str, port: int, error: OSError) -> HarnessError:
    """Return the error for an address at which nobody can listen."""
    wanted = f"{made.called} is to be reached from containers at {Address(address, port)}, but "
    if error.errno == errno.EADDRINUSE:
        holder = holder_of(port) or "somebody who listens on every address of this machine"
        return PortTakenError(
            f"{wanted}port {port} is taken by {holder}. Stop that, or have it listen on 127.0.0.1 "
            f"alone."
        )
    if isinstance(error, PermissionError):
        return SettingError(
            f"{wanted}only root may listen on port {port} (user {os.getuid()} may from "
            f"{_lowest()} on). Have the service listen on a higher port in its compose file, or "
            f"allow it: `sysctl net.ipv4.ip_unprivileged_port_start={port}`."
        )
    return SettingError(
        f"{wanted}that address is not this machine's ({(error.strerror or str(error)).lower()}): "
        f"the engine runs in a virtual machine or without root (Docker Desktop, rootless), and "
        f"containers cannot reach what runs here. Leave the service in a container, or run all "
        f"as processes: --harness-engine=process."
    )


def _lowest() -> str:
    try:
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as file:  # noqa: PTH123
            return file.read().strip()
    except OSError:
        return "1024"
