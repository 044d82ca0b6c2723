"""Drawing on pytest's terminal: a live line below what pytest writes, and lines that stay.

The live line is plain escape sequences: ``rich`` would take the cursor, the standard output and
the line that pytest is in the middle of.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

# ECMA-48 and DEC VT100: the cursor is saved and restored, so it is always where pytest left it;
# "index" goes a line down and scrolls if there is none, after which there is one to draw on.
_BELOW = "\x1bD\x1b[A\x1b7\x1b[B\r"
_BACK = "\x1b8"
_ERASE_BELOW = "\x1b[J"  # from the cursor to the end: nothing else stands there
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"
_NARROWEST = 20


class Screen:
    """The line below the cursor of a terminal, for as long as something is shown there."""

    def __init__(self, descriptor: int, encoding: str, colour: bool) -> None:
        """Take a terminal.

        Args:
            descriptor: A file descriptor of it, which ``close`` closes.
            encoding: Its encoding.
            colour: Whether it may be written to in colour.
        """
        self._descriptor = descriptor
        self._encoding = encoding
        self._colour = colour
        self._shown = False
        self._ascii_only = not _knows("━╌…", encoding)
        # pytest's file takes it around each write, which may end in a draw's erasing of itself
        self._lock = threading.RLock()

    def draw(self, line: Callable[[int, bool], str]) -> None:
        """Show a line below the cursor.

        Args:
            line: Returns it for so many columns, and with ASCII alone if that is so.
        """
        columns = self._columns()
        if columns < _NARROWEST:
            return
        ascii_only = self._ascii_only
        text = fitted(line(columns, ascii_only), columns - 1, "" if ascii_only else "…")
        with self._lock:
            shown = f"{_DIM}{text}{_PLAIN}" if self._colour else text
            self._write(f"{_ERASE_BELOW}{_BELOW}{shown}{_BACK}")
            self._shown = True

    def erase(self) -> None:
        """Show nothing."""
        with self._lock:
            if self._shown:
                self._write(_ERASE_BELOW)
                self._shown = False

    @contextmanager
    def away(self) -> Iterator[bool]:
        """Show nothing as long as the context lasts; its value says whether there was anything."""
        with self._lock:
            shown = self._shown
            self.erase()
            yield shown

    def close(self) -> None:
        """Show nothing any more."""
        with self._lock, suppress(OSError):
            self.erase()
            os.close(self._descriptor)

    def _columns(self) -> int:
        with suppress(OSError):
            return os.get_terminal_size(self._descriptor).columns or _usual_columns()
        return _usual_columns()

    def _write(self, text: str) -> None:
        with suppress(OSError):
            os.write(self._descriptor, text.encode(self._encoding, errors="replace"))


def _knows(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _usual_columns() -> int:
    return shutil.get_terminal_size().columns


def fitted(text: str, columns: int, cut: str = "…") -> str:
    """Return a text as one line of at most so many columns, without anything that moves a cursor.

    Args:
        text: A text; logs and answers of services may hold anything.
        columns: How wide it may be.
        cut: What a text ends with that was too long.
    """
    from rich.cells import cell_len, set_cell_size

    text = "".join(c if c.isprintable() else " " for c in text)
    if cell_len(text) <= columns:
        return text
    return set_cell_size(text, columns - len(cut)).rstrip() + cut


class _Aside:
    """The file of pytest's terminal, which takes the live line away before it is written to."""

    def __init__(self, file: Any, screen: Screen) -> None:
        self.file = file
        self._screen = screen

    def write(self, text: str) -> Any:
        with self._screen.away() as shown:
            written = self.file.write(text)
            if shown:  # else it could come out below the next live line
                self.file.flush()
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


class Reporter:
    """Pytest's terminal, for lines that stay between its own."""

    def __init__(self, config: pytest.Config, reporter: pytest.TerminalReporter) -> None:
        """Take the terminal.

        Args:
            config: The configuration that leads to what captures output.
            reporter: Pytest's terminal.
        """
        self._config = config
        self._reporter = reporter
        self._writer: Any = reporter._tw
        self._screen: Screen | None = None
        self._tests_run = True

    def open_screen(self) -> Screen | None:
        """Return the screen, if this is a terminal on which a line can be drawn."""
        file = getattr(self._writer, "_file", None)
        if file is None or not file.isatty() or os.environ.get("TERM") == "dumb":
            return None
        try:
            # capture replaces what the file's own descriptor stands for while a test runs
            descriptor = os.dup(file.fileno())
        except (OSError, ValueError, AttributeError):
            return None
        encoding = getattr(file, "encoding", None) or "ascii"
        self._screen = Screen(descriptor, encoding, bool(self._reporter.hasmarkup))
        self._writer._file = _Aside(file, self._screen)
        return self._screen

    def write(self, *lines: str) -> None:
        """Write lines between what pytest writes, and have it go on where it was."""
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            before = self._reporter.currentfspath
            if self._writer.width_of_current_line:
                self._writer.line()
            self._writer.write("\n".join(lines))
            if before == -2:  # pytest begins with a new line whatever comes next
                self._reporter.flush()
                return
            self._writer.line()
            if (
                before and self._tests_run
            ):  # a file with the marks of its tests, or a test that waits for its own
                self._writer.write(self._again(before))
            self._reporter.flush()

    def tests_ended(self) -> None:
        """Take note that pytest has written its last mark of a test."""
        self._tests_run = False

    def _again(self, place: object) -> str:
        """Return what pytest had begun its line with."""
        if not isinstance(place, Path):
            return str(place)
        return f"{os.path.relpath(place, self._config.invocation_params.dir)} "

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._screen is not None:
            self._writer._file = self._writer._file.file
            self._screen.close()
            self._screen = None
