"""A client of MQTT 3.1.1, as small as resetting needs it.

https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from secrets import token_hex

_CONNECT, _PUBLISH, _SUBSCRIBE = 0x10, 0x30, 0x82
_CONNACK, _SUBACK = 0x20, 0x90
_RETAIN, _QOS_1 = 0x01, 0x02
_CLEAN_SESSION = 0x02
_REFUSED_FOR_LOGIN = (4, 5)
_BATCH = 500  # messages sent before we wait for the broker to have handled them


class BrokerError(Exception):
    """What the broker refuses."""


class LoginError(BrokerError):
    """The broker lets nobody in without a login."""


class Mqtt:
    """A connection to a broker, for one question or one set of messages.

    Nothing waits for an answer before all is sent, and a connection is not used again: a broker
    sends its small packets one by one, each after the one before was acknowledged (Nagle), and on
    a connection that has talked to and fro that takes the other side 40 ms each.

    Args:
        connection: Connected to the broker; its timeout is that of each answer.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._answers = connection.makefile("rb")
        # `#` does not match a topic that starts with `$`: no application sees our marks.
        self._marks = b"$harness/" + token_hex(8).encode()
        hello = _text(b"MQTT") + bytes([4, _CLEAN_SESSION, 0, 0])  # no keep-alive
        self._unsent = _packet(_CONNECT, hello + _text(b"harness-" + token_hex(6).encode()))
        self._unsent += _subscription(self._marks)

    def retained(self) -> dict[bytes, bytes]:
        """Return the retained messages by topic, without those of topics that start with ``$``.

        Raises:
            LoginError: The broker demands a login.
            BrokerError: The broker refuses for another reason.
            OSError: The connection is lost.
        """
        self._unsent += _subscription(b"#")
        return self._until_mark()

    def retain(self, messages: Sequence[tuple[bytes, bytes]]) -> None:
        """Publish retained messages; an empty one takes away what a topic retains.

        Raises:
            LoginError: The broker demands a login.
            BrokerError: The broker refuses for another reason.
            OSError: The connection is lost.
        """
        for start in range(0, len(messages), _BATCH):
            for topic, payload in messages[start : start + _BATCH]:
                body = _text(topic) + b"\0\1" + payload
                self._unsent += _packet(_PUBLISH | _QOS_1 | _RETAIN, body)
            self._until_mark()

    def close(self) -> None:
        """Close the connection."""
        self._answers.close()
        self._socket.close()

    def _until_mark(self) -> dict[bytes, bytes]:
        """Send; wait until the broker has handled it all; return what it had retained."""
        mark = token_hex(8).encode()
        self._socket.sendall(self._unsent + _packet(_PUBLISH, _text(self._marks) + mark))
        self._unsent = b""
        found: dict[bytes, bytes] = {}
        while True:
            kind, body = self._receive()
            _check(kind, body)
            if kind & 0xF0 != _PUBLISH:
                continue  # acknowledgements
            size = struct.unpack_from(">H", body)[0]
            topic, payload = body[2 : 2 + size], body[2 + size :]
            if topic == self._marks and payload == mark:
                return found
            if kind & _RETAIN:
                found[topic] = payload

    def _receive(self) -> tuple[int, bytes]:
        kind = self._read(1)[0]
        length = shift = 0
        while True:
            digit = self._read(1)[0]
            length |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                return kind, self._read(length)

    def _read(self, size: int) -> bytes:
        try:
            data = self._answers.read(size)
        except TimeoutError:
            raise BrokerError(
                "a message that we published does not come back (access control?)"
            ) from None
        if len(data) < size:
            raise ConnectionResetError("the broker closed the connection")
        return data


def _check(kind: int, body: bytes) -> None:
    """Raise what the broker refuses."""
    if kind == _CONNACK and body[1] in _REFUSED_FOR_LOGIN:
        raise LoginError("the broker demands a login")
    if kind == _CONNACK and body[1]:
        raise BrokerError(f"the broker refuses the connection with code {body[1]}")
    if kind == _SUBACK and body[2] & 0x80:
        raise BrokerError("the broker refuses a subscription")


def _subscription(topic: bytes) -> bytes:
    return _packet(_SUBSCRIBE, b"\0\1" + _text(topic) + b"\0")


def _packet(kind: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        left, digit = divmod(left, 128)
        length.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([kind]) + length + body


def _text(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value
