"""A command that runs on inside a container, with its standard streams in our hands."""

from __future__ import annotations

import struct
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docker import APIClient

# Engine API, "Attach to a container", stream format: one byte says which stream, three are
# nothing, four say how many bytes follow.
_HEADER = struct.Struct(">BxxxL")
_STDERR = 2
_KEPT_OF_STDERR = 64 * 1024  # bytes; the last ones say why something ended


class DockerExecSession:
    """An exec of the Docker Engine; it ends with its standard input."""

    def __init__(
        self,
        client: APIClient,
        container: str,
        command: Sequence[str],
        user: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        created = client.exec_create(
            container,
            list(command),
            stdin=True,
            user=user,
            environment=dict(environment or {}),
        )
        # Read from here on without the SDK: it can only wait for ever. What it gives is a raw
        # socket file over HTTP, a socket over TLS, a channel over SSH.
        self._owner: Any = client.exec_start(created["Id"], socket=True)
        self._socket: Any = getattr(self._owner, "_sock", self._owner)
        self._wire = bytearray(_read_ahead(self._owner, self._socket))
        self._out = bytearray()
        self._err = bytearray()
        self._ended = False

    @property
    def errors(self) -> bytes:
        """The end of what the command wrote to its standard error since the last ``write``."""
        return bytes(self._err)

    def write(self, data: bytes) -> None:
        """Write to the command's standard input.

        Raises:
            EOFError: The command has ended, or the container has.
        """
        self._err.clear()
        try:
            self._socket.sendall(data)
        except OSError as error:
            self._ended = True
            raise EOFError(str(error)) from None

    def read_until(self, sentinel: bytes, timeout: float) -> bytes:
        """Return the standard output up to a sentinel, which is taken away.

        Args:
            sentinel: What ends the answer.
            timeout: Seconds to wait for it.

        Raises:
            EOFError: The command ended first; it says what was written until then.
            TimeoutError: The sentinel did not come in time.
        """
        deadline = time.monotonic() + timeout
        self._take_frames()
        seen = 0
        while (at := self._out.find(sentinel, seen)) < 0:
            seen = max(0, len(self._out) - len(sentinel) + 1)
            self._receive(deadline)
        answer = bytes(self._out[:at])
        del self._out[: at + len(sentinel)]
        return answer

    def close(self) -> None:
        """Close the streams: the command reads the end of its input."""
        self._ended = True
        # The HTTP response keeps the socket open too. It goes first: it cannot be closed on top
        # of a closed socket.
        ends: list[Any] = [getattr(self._owner, "_response", None), self._owner, self._socket]
        for end in filter(None, ends):
            with suppress(OSError):
                end.close()

    def _receive(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(self._last_words() or "no answer")
        if self._ended:
            raise EOFError(self._last_words())
        try:
            self._socket.settimeout(left)
            data = self._socket.recv(65536)
        except TimeoutError:
            return
        except OSError as error:
            self._ended = True
            raise EOFError(f"{error} {self._last_words()}".strip()) from None
        if not data:
            self._ended = True
        self._wire += data
        self._take_frames()

    def _take_frames(self) -> None:
        while len(self._wire) >= _HEADER.size:
            stream, size = _HEADER.unpack_from(self._wire)
            end = _HEADER.size + size
            if len(self._wire) < end:
                return
            into = self._err if stream == _STDERR else self._out
            into += self._wire[_HEADER.size : end]
            del self._wire[:end]
            del self._err[:-_KEPT_OF_STDERR]

    def _last_words(self) -> str:
        return (self._out + self._err).decode(errors="replace").strip()[-2000:]


def _read_ahead(owner: Any, socket: Any) -> bytes:
    """Return what came in one piece with the head of the engine's answer.

    The SDK's HTTP client has read it already, and gives out the socket beneath. Looking does not
    wait: where nothing was read ahead, it tries the socket once.
    """
    try:
        file = owner._response.raw._fp.fp
    except AttributeError:  # a kind of connection that does not read ahead
        return b""
    waiting = socket.gettimeout()
    socket.settimeout(0)
    try:
        return bytes(file.peek())
    except (AttributeError, OSError):
        return b""
    finally:
        socket.settimeout(waiting)
