"""All that a test's services wrote, in a file of its own, for whoever wants to read on."""

from __future__ import annotations

import re
import shutil
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from harness.observe.folder import NAME, harness_folder

_RUNS = 5  # whose logs are kept
_LONGEST = 150  # characters of a file's name; file systems allow 255 bytes


class LogFiles:
    """The logs of one run, in ``.harness/logs/RUN`` below the project's root."""

    def __init__(self, root: Path, run: str) -> None:
        """Write nothing yet.

        Args:
            root: The project's root.
            run: The id of the run, the same in all its workers.
        """
        self._root = root
        self._run = run
        self._ready = False

    def write(self, test: str, called: str, lines: Iterable[str]) -> str:
        """Write the log of a test; return a sentence on where it is, or why it is nowhere.

        Args:
            test: The id of the test.
            called: What the log is called in the sentence.
            lines: The log.
        """
        file = self._root / NAME / "logs" / self._run / file_name(test)
        try:
            self._prepare(file.parent)
            file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        except OSError as error:
            return f"{called} could not be written: {error}"
        return f"{called}: {file.relative_to(self._root)}"

    def _prepare(self, folder: Path) -> None:
        if self._ready:
            return
        harness_folder(self._root)
        folder.mkdir(parents=True, exist_ok=True)
        self._ready = True
        for old in sorted(folder.parent.iterdir(), key=_changed, reverse=True)[_RUNS:]:
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)


def _changed(folder: Path) -> float:
    with suppress(OSError):
        return folder.stat().st_mtime
    return 0.0


def file_name(test: str) -> str:
    """Return a name for a test's file: its id, as far as a file can be called like it."""
    plain = test.replace("::", ".").replace("/", ".")
    name = re.sub(r"[^\w.\[\]=,+-]", "_", plain, flags=re.ASCII)
    if name == plain and len(name) <= _LONGEST:
        return f"{name}.log"
    return f"{name[:_LONGEST]}-{zlib.crc32(test.encode(errors='replace')):08x}.log"
