"""Lines of a container's log match a pattern."""

from __future__ import annotations

import re
from datetime import datetime

from harness.engine.protocol import Engine, Snapshot
from harness.errors import EngineUnavailableError, HarnessError
from harness.probe.base import Sighting

_SHOWN = 200
# Seconds of the log that are read again: the two streams are written down independently, so a
# line may turn up behind one of a later time.
_OVERLAP = 1.0
_EARLY = 0.1  # seconds by which a process can be older than the start that the engine notes


class LogProbe:
    """Counts the lines that match, of those written since the container's latest start.

    Each look reads only what came since the one before.
    """

    def __init__(self, engine: Engine, snapshot: Snapshot, pattern: str, count: int = 1) -> None:
        self._engine = engine
        self._container = snapshot.id
        self._pattern = re.compile(pattern)
        self._count = count
        self._since = log_start(snapshot)
        self._recent: set[str] = set()
        self._lines = self._matches = 0
        self._last = ""

    @property
    def name(self) -> str:
        """What is probed."""
        lines = "a log line" if self._count == 1 else f"{self._count} log lines"
        return f"{lines} that match{'es' if self._count == 1 else ''} `{self._pattern.pattern}`"

    def look(self) -> Sighting:
        """Read what was logged since the last look."""
        try:
            text = self._engine.logs(self._container, since=self._since or None, timestamps=True)
        except EngineUnavailableError:
            raise
        except HarnessError as error:
            return Sighting(False, str(error))
        lines = [line for line in text.split("\n") if line]
        for line in lines:
            if line not in self._recent:
                self._read(line.partition(" ")[2])
        if lines:
            self._recent = set(lines)
            newest = datetime.fromisoformat(max(lines).partition(" ")[0])
            self._since = max(self._since, newest.timestamp() - _OVERLAP)
        return Sighting(self._matches >= self._count, self._saw())

    def _read(self, line: str) -> None:
        self._lines += 1
        self._last = line
        self._matches += bool(self._pattern.search(line))

    def _saw(self) -> str:
        if not self._lines:
            return "nothing logged"
        matching = f"{self._matches} of {self._lines} lines match"
        return f"{matching}, the last line is `{self._last.strip()[-_SHOWN:]}`"


def log_start(snapshot: Snapshot) -> float:
    """Return a time (epoch seconds) after the last run's lines and before those of this one.

    The engine notes the start only once the process runs, whose first lines can be older; and
    lines of the run before may be written down a moment after its end. It takes the engine far
    longer than either to start a container. Of the first run it is 0.
    """
    if not snapshot.finished_at:
        return 0.0
    if snapshot.finished_at < snapshot.started_at:
        return (snapshot.finished_at + snapshot.started_at) / 2
    return snapshot.started_at - _EARLY  # it has ended again: when the run before did is lost
