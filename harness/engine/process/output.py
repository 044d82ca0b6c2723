"""What processes write, and when.

A process writes into a file by itself, so it never waits for a reader. When a line was written
is told by a look at the length of the file, every few milliseconds.
"""

from __future__ import annotations

import os
import struct
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

_OUTPUT, _TIMES = "output", "times"
_ENTRY = struct.Struct("<dQ")
_PAUSE = 0.01  # seconds: to that it is known when a line was written


class Clock:
    """Notes how long outputs are, as long as somebody writes them. One for each process."""

    def __init__(self) -> None:
        self._followed: dict[Path, int] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def follow(self, folder: Path) -> None:
        """Look at an output from now on."""
        with self._lock:
            self._followed.setdefault(folder, _known(folder))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="harness-output", daemon=True
                )
                self._thread.start()

    def leave(self, folder: Path) -> None:
        """Look at an output for the last time."""
        self.look(folder)
        with self._lock:
            self._followed.pop(folder, None)

    def look(self, folder: Path) -> None:
        """Look at an output now, if this process is the one that does."""
        with self._lock:
            if folder in self._followed:
                self._note(folder)

    def _run(self) -> None:
        while True:
            time.sleep(_PAUSE)
            with self._lock:
                for folder in self._followed:
                    self._note(folder)
                if not self._followed:
                    self._thread = None
                    return

    def _note(self, folder: Path) -> None:
        try:
            size = os.stat(folder / _OUTPUT).st_size  # noqa: PTH116 (a hundred times a second)
            if size > self._followed[folder]:
                with (folder / _TIMES).open("ab") as times:
                    times.write(_ENTRY.pack(time.time(), size))
                self._followed[folder] = size
        except OSError:
            return  # it is being removed


def output_file(folder: Path) -> Path:
    """Return the file that a process writes into."""
    return folder / _OUTPUT


def read(folder: Path, since: float | None, tail: int | None, timestamps: bool, whole: bool) -> str:
    """Return what was written, as far as it is known when.

    Args:
        folder: Where the output is.
        since: From which time on (epoch seconds).
        tail: How many of the last lines.
        timestamps: Whether each line begins with its time.
        whole: Whether nobody writes any more. Else the last line may still grow, and is left out
            where lines are counted.
    """
    times = _times(folder)
    end = times[-1][1] if times else 0
    try:
        data = (folder / _OUTPUT).read_bytes()[:end]
    except OSError:
        return ""
    lines: list[tuple[float, bytes]] = []
    entries = iter(times)
    moment, reach = next(entries, (0.0, 0))
    at = 0
    for line in _lines(data):
        while at >= reach:
            moment, reach = next(entries)
        at += len(line)
        if (since is None or moment >= since) and (whole or not timestamps or line[-1:] == b"\n"):
            lines.append((moment, line))
    if tail is not None:
        lines = lines[-tail:] if tail else []
    stamped = (
        (f"{datetime.fromtimestamp(moment, UTC).isoformat()} ".encode() if timestamps else b"")
        + line
        for moment, line in lines
    )
    return b"".join(stamped).decode(errors="replace")


def _lines(data: bytes) -> list[bytes]:
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _known(folder: Path) -> int:
    times = _times(folder)
    return times[-1][1] if times else 0


def _times(folder: Path) -> list[tuple[float, int]]:
    try:
        data = (folder / _TIMES).read_bytes()
    except OSError:
        return []
    return [*_ENTRY.iter_unpack(data[: len(data) // _ENTRY.size * _ENTRY.size])]
