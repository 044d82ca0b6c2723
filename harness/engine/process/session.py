"""A command that runs on beside a process, with its standard streams in our hands."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
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
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._in = self._process.stdin
        self._streams = {self._process.stdout.fileno(): bytearray()}
        self._out = self._streams[self._process.stdout.fileno()]
        self._err = bytearray()
        self._streams[self._process.stderr.fileno()] = self._err

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
        for stream in (self._in, self._process.stdout, self._process.stderr):
            with suppress(OSError):
                if stream:
                    stream.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5.0)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _receive(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(self._last_words() or "no answer")
        if not self._streams:
            raise EOFError(self._last_words())
        readable, _, _ = select.select([*self._streams], (), (), left)
        for file in readable:
            data = os.read(file, 65536)
            if data:
                self._streams[file] += data
            else:
                del self._streams[file]
        del self._err[:-_KEPT_OF_STDERR]

    def _last_words(self) -> str:
        return (self._out + self._err).decode(errors="replace").strip()[-2000:]
