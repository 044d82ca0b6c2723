"""A client of the Redis protocol, as small as resetting needs it.

RESP2: https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import TypeAlias

Argument: TypeAlias = bytes | str | int
Reply: TypeAlias = "bytes | int | list[Reply] | ReplyError | None"

_BATCH = 1000  # commands sent before their replies are read: neither side's buffer runs full


class ReplyError(Exception):
    """An error that the server answered."""


class Resp:
    """A connection that sends commands in batches."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._answers = connection.makefile("rb")

    def ask(self, *command: Argument) -> Reply:
        """Send one command; return its reply.

        Raises:
            ReplyError: The server refuses it.
            OSError: The connection is lost.
        """
        return self.ask_all([command])[0]

    def ask_all(self, commands: Sequence[Sequence[Argument]]) -> list[Reply]:
        """Send commands; return their replies, or raise the first refusal after all were read."""
        replies: list[Reply] = []
        for start in range(0, len(commands), _BATCH):
            batch = commands[start : start + _BATCH]
            self._socket.sendall(b"".join(map(_packed, batch)))
            replies += [self._read() for _ in batch]
        for reply in replies:
            if isinstance(reply, ReplyError):
                raise reply
        return replies

    def close(self) -> None:
        """Close the connection."""
        self._answers.close()
        self._socket.close()

    def _read(self) -> Reply:
        line = self._answers.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionResetError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            return ReplyError(rest.decode(errors="replace"))
        if kind == b"+":
            return rest
        number = int(rest)
        if kind == b":":
            return number
        if number < 0:
            return None
        if kind == b"$":
            return self._answers.read(number + 2)[:-2]
        return [self._read() for _ in range(number)]


def _packed(command: Sequence[Argument]) -> bytes:
    parts = [p if isinstance(p, bytes) else str(p).encode() for p in command]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(p), p) for p in parts)
