"""A client of MQTT 3.1.1, as small as resetting needs it.

https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from secrets import token_hex

_CONNECT, _PUBLISH, _SUBSCRIBE, _UNSUBSCRIBE = 0x10, 0x30, 0x82, 0xA2
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
    """A connection to a broker.

    Args:
        connection: Connected to the broker; its timeout is that of each answer.

    Raises:
        LoginError: The broker demands a login.
        BrokerError: The broker refuses for another reason.
        OSError: The connection is lost.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._answers = connection.makefile("rb")
        # `#` does not match a topic that starts with `$`: no application sees our marks.
        self._marks = b"$harness/" + token_hex(8).encode()
        hello = _text(b"MQTT") + bytes([4, _CLEAN_SESSION, 0, 0])  # no keep-alive
        self._send(_CONNECT, hello + _text(b"harness-" + token_hex(6).encode()))
        code = self._expect(_CONNACK)[1]
        if code in _REFUSED_FOR_LOGIN:
            raise LoginError("the broker demands a login")
        if code:
            raise BrokerError(f"the broker refuses the connection with code {code}")
        self._subscribe(self._marks)

    def retained(self) -> dict[bytes, bytes]:
        """Return the retained messages by topic, without those of topics that start with ``$``."""
        self._send(_SUBSCRIBE, b"\0\1" + _text(b"#") + b"\0")
        found = self._until_mark()
        self._send(_UNSUBSCRIBE, b"\0\1" + _text(b"#"))
        return found

    def retain(self, messages: Iterable[tuple[bytes, bytes]]) -> None:
        """Publish retained messages; an empty one takes away what a topic retains."""
        every = list(messages)
        for start in range(0, len(every), _BATCH):
            for topic, payload in every[start : start + _BATCH]:
                self._send(_PUBLISH | _QOS_1 | _RETAIN, _text(topic) + b"\0\1" + payload)
            self._until_mark()

    def close(self) -> None:
        """Close the connection."""
        self._answers.close()
        self._socket.close()

    def _subscribe(self, topic: bytes) -> None:
        self._send(_SUBSCRIBE, b"\0\1" + _text(topic) + b"\0")
        if self._expect(_SUBACK)[2] & 0x80:
            raise BrokerError(f"the broker refuses a subscription to {topic.decode()}")

    def _until_mark(self) -> dict[bytes, bytes]:
        """Wait until the broker has handled all that was sent; return what it had retained."""
        mark = token_hex(8).encode()
        self._send(_PUBLISH, _text(self._marks) + mark)
        found: dict[bytes, bytes] = {}
        while True:
            try:
                kind, body = self._receive()
            except TimeoutError:
                raise BrokerError(
                    "a message that we published does not come back (access control?)"
                ) from None
            if kind & 0xF0 != _PUBLISH:
                continue  # acknowledgements
            size = struct.unpack_from(">H", body)[0]
            topic, payload = body[2 : 2 + size], body[2 + size :]
            if topic == self._marks and payload == mark:
                return found
            if kind & _RETAIN:
                found[topic] = payload

    def _expect(self, wanted: int) -> bytes:
        kind, body = self._receive()
        if kind != wanted:
            raise BrokerError(f"wanted an MQTT packet {wanted:#x}, got {kind:#x}")
        return body

    def _send(self, kind: int, body: bytes) -> None:
        length, left = bytearray(), len(body)
        while True:
            left, digit = divmod(left, 128)
            length.append(digit | (0x80 if left else 0))
            if not left:
                break
        self._socket.sendall(bytes([kind]) + length + body)

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
        data = self._answers.read(size)
        if len(data) < size:
            raise ConnectionResetError("the broker closed the connection")
        return data


def _text(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value
