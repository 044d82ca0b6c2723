"""A command that runs on beside a process, with its standard streams in our hands."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

_KEPT_OF_STDERR = 64 * 1024  # bytes; the last ones say why something ended


class LocalExecSession:
    """A local command; it ends with its standard input."""

    def __init__(self, command: Sequence[str], cwd: str, env: Mapping[str, str]) -> None:
        """Start it.

        Raises:
            OSError: The system does not run it.
        """
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=dict(env),
            bufsize=0,
            start_new_session=True,
        )
        given, out, errors = self._process.stdin, self._process.stdout, self._process.stderr
        assert given is not None
        assert out is not None
        assert errors is not None
        self._in, self._pipes = given, (given, out, errors)
        self._out, self._err = bytearray(), bytearray()
        self._open = {out.fileno(): self._out, errors.fileno(): self._err}

    @property
    def errors(self) -> bytes:
        """The end of what the command wrote to its standard error since the last ``write``."""
        return bytes(self._err)

    def write(self, data: bytes) -> None:
        """Write to its standard input; raises ``EOFError`` when it has ended."""
        self._err.clear()
        try:
            while data:
                data = data[self._in.write(data) or 0 :]
        except (OSError, ValueError) as error:
            raise EOFError(str(error)) from None

    def read_until(self, sentinel: bytes, timeout: float) -> bytes:
        """Return its standard output up to a sentinel, which is taken away.

        Raises:
            EOFError: It ended first.
            TimeoutError: The sentinel did not come within ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while (at := self._out.find(sentinel)) < 0:
            self._receive(deadline)
        answer = bytes(self._out[:at])
        del self._out[: at + len(sentinel)]
        return answer

    def close(self) -> None:
        """Close the streams: the command reads the end of its input."""
        for pipe in self._pipes:
            with suppress(OSError):
                pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5.0)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _receive(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(self._last_words() or "no answer")
        if not self._open:
            raise EOFError(self._last_words())
        for file in _readable(self._open, left):
            if data := os.read(file, 65536):
                self._open[file] += data
            else:
                del self._open[file]
        del self._err[:-_KEPT_OF_STDERR]

    def _last_words(self) -> str:
        return (self._out + self._err).decode(errors="replace").strip()[-2000:]


def _readable(files: Iterable[int], timeout: float) -> list[int]:
    """Wait until files can be read from, at most so many seconds; return those that can be."""
    with selectors.DefaultSelector() as selector:
        for file in files:
            selector.register(file, selectors.EVENT_READ)
        return [key.fd for key, _ in selector.select(timeout)]
