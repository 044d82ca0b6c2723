"""A terminal in which pytest runs, and what its user sees there."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pyte

from tests.eventually import eventually

if TYPE_CHECKING:
    from pyte.screens import Char

COLUMNS, ROWS = 100, 40


class Terminal:
    """A terminal emulator with a process in it.

    Attributes:
        seen: Everything that the process has written.
    """

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int, columns: int) -> None:
        self.seen = ""
        self._process = process
        self._descriptor = descriptor
        self._screen = pyte.HistoryScreen(columns, ROWS, history=2000)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with suppress(OSError):  # what reading a terminal says that nobody writes to any more
            while data := os.read(self._descriptor, 65536):
                with self._lock:
                    self.seen += data.decode(errors="replace")
                    self._stream.feed(data)

    @property
    def rows(self) -> list[list[Char]]:
        """What the screen shows, and what has scrolled away above it, cell by cell."""
        with self._lock:
            shown = [self._screen.buffer[row] for row in range(self._screen.lines)]
            columns = range(self._screen.columns)
            return [[row[c] for c in columns] for row in (*self._screen.history.top, *shown)]

    @property
    def lines(self) -> list[str]:
        """The same as text, without empty lines."""
        lines = ("".join(cell.data for cell in row).rstrip() for row in self.rows)
        return [line for line in lines if line]

    def shows(self, *words: str) -> str:
        """Wait until one line of the screen has all these words; return it."""

        def look() -> str:
            return next((line for line in self.lines if all(w in line for w in words)), "")

        try:
            return eventually(look, timeout=60)
        except AssertionError:
            raise AssertionError(f"no line with {words} in:\n" + "\n".join(self.lines)) from None

    def resize(self, columns: int) -> None:
        """Be as wide as that from now on."""
        _set_size(self._descriptor, columns)
        with self._lock:
            self._screen.resize(ROWS, columns)
        os.killpg(self._process.pid, signal.SIGWINCH)

    def end(self) -> list[str]:
        """Wait for the end of the process; return what the screen shows then."""
        self._process.wait(120)
        self._thread.join(10)
        return self.lines


def _set_size(descriptor: int, columns: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))


@contextmanager
def in_terminal(
    folder: Path, *args: str, env: Mapping[str, str] | None = None, columns: int = COLUMNS
) -> Iterator[Terminal]:
    """Run pytest in a terminal, and end it with the context.

    Args:
        folder: Where.
        args: Its arguments.
        env: Variables on top of this process's.
        columns: How wide the terminal is.
    """
    ours, theirs = pty.openpty()
    _set_size(ours, columns)
    unset = {"NO_COLOR", "FORCE_COLOR", "PY_COLORS", "COLUMNS", "LINES"}
    given = {name: value for name, value in os.environ.items() if name not in unset}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *args],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**given, "TERM": "xterm-256color", **(env or {})},
        start_new_session=True,
    )
    os.close(theirs)
    terminal = Terminal(process, ours, columns)
    try:
        yield terminal
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)
        os.close(ours)
