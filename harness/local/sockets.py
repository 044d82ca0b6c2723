"""Who listens on a port of this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

# what a listener that answers on 127.0.0.1 is bound to: that, all, and the same in IPv6
_ANSWERS = frozenset({"127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1"})  # noqa: S104
_HEX_ANSWERS = frozenset(
    {"0100007F", "0" * 8, "0" * 32, "0" * 16 + "FFFF00000100007F"}  # proc(5): host byte order
)
_LISTEN = "0A"


def listens(pid: int, port: int) -> bool | None:
    """Whether a process listens on a port of 127.0.0.1; None if that cannot be seen."""
    if sys.platform != "linux" or sys.byteorder != "little":
        return _listens_elsewhere(pid, port)
    # psutil reads every connection of the machine first, of which there may be thousands
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except PermissionError:
        return None
    except OSError:
        return False
    targets = {_target(f"{folder}/{name}") for name in names}
    return any(f"socket:[{inode}]" in targets for inode in _listening(port))


def holder_of(port: int) -> str:
    """Return who listens on a port, in words; empty if that cannot be seen, or nobody does."""
    import psutil

    try:
        for connection in psutil.net_connections("tcp"):
            if connection.pid and _is_at(connection, port):
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except (psutil.Error, OSError):
        pass
    return ""


def _listening(port: int) -> Iterator[str]:
    """Yield the inodes of the sockets that listen on a port (proc(5), ``/proc/net/tcp``).

    The kernel tells those that listen before all others (``tcp_seq_start``).
    """
    wanted = f"{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table) as lines:  # noqa: PTH123
                next(lines)
                for line in lines:
                    _, local, _, state, _, _, _, _, _, inode, *_ = line.split(None, 10)
                    if state != _LISTEN:
                        break
                    address, _, number = local.partition(":")
                    if number == wanted and address in _HEX_ANSWERS:
                        yield inode
        except (OSError, StopIteration):
            continue  # no IPv6 here


def _target(link: str) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115
    except OSError:
        return ""


def _listens_elsewhere(pid: int, port: int) -> bool | None:
    import psutil

    try:
        return any(_is_at(c, port) for c in psutil.Process(pid).net_connections("tcp"))
    except psutil.AccessDenied:
        return None
    except (psutil.Error, OSError):
        return False


def _is_at(connection: Any, port: int) -> bool:
    address = connection.laddr
    return bool(
        connection.status == "LISTEN"
        and address
        and address.port == port
        and address.ip in _ANSWERS
    )
