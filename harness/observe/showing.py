"""Showing what goes on while a run works: joins the journal, what is under way, and the terminal.

One process of a run shows it: pytest's own, or the controller of xdist. The controller reads what
its workers write, since nothing that a worker wrote to the shared terminal would find its place.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from harness.observe.event import Event, Kind
from harness.observe.follow import Follower
from harness.observe.live import HOLDING, Live, drawn
from harness.observe.remarks import Remark, Remarks
from harness.observe.terminal import Reporter, Screen

_TICK = 0.2  # seconds between two looks at what is under way, and at what workers have written


class Showing:
    """Shows events as they are told."""

    def __init__(
        self,
        lines: Remarks,
        reporter: Reporter,
        screen: Screen | None,
        fold: Callable[[Remark], list[str]],
    ) -> None:
        """Take where to show them.

        Args:
            lines: Makes lines of events.
            reporter: Takes lines.
            screen: Takes the live line, if there is where to draw one.
            fold: Returns a line as it is written, with what is folded away below it.
        """
        self._lines = lines
        self._reporter = reporter
        self._fold = fold
        self._screen = screen
        self._follower: Follower | None = None
        self._live = Live()
        self._waiting: list[Remark] = []
        self._lock = threading.RLock()
        self._held = threading.Event()
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._process = os.getpid()

    @property
    def kinds(self) -> Iterable[Kind]:
        """The events that are needed: for a live line all."""
        return self._lines.kinds if self._screen is None else Kind

    def take(self, event: Event) -> None:
        """Show an event of this process: a reader of its journal."""
        if os.getpid() != self._process:
            return  # a child that a test forked: its parent's lock may never be free there
        ours = threading.current_thread() is threading.main_thread()
        # what this thread is in the middle of, pytest waits for
        self._take(event, holds=ours)
        if ours:
            self.flush()

    def _take(self, event: Event, *, holds: bool) -> None:
        with self._lock:
            self._waiting += self._lines.of(event)
            if self._screen is None:
                return
            self._live.take(event, holds=holds)
            if not self._live.holds:
                self._held.clear()
                self._screen.erase()
            elif not self._held.is_set():
                self._held.set()
                self._begin("draw", self._tick)

    def follow(self, folder: Callable[[], Path]) -> None:
        """Show what the workers of xdist tell, from now on.

        Args:
            folder: Returns where they write it.
        """
        if self._follower is None:
            self._follower = Follower(folder)
            self._begin("follow", self._read_on)

    def _read_on(self) -> None:
        while not self._ended.wait(_TICK):
            self._read()

    def _read(self) -> None:
        with self._lock, suppress(OSError):
            for event in self._follower.more() if self._follower else ():
                self._take(event, holds=event.kind in HOLDING)

    def flush(self) -> None:
        """Write the lines that wait to be written; called where pytest writes, too."""
        with self._lock:
            self._read()
            lines, self._waiting = self._waiting, []
        if lines:
            self._reporter.write(*(text for line in lines for text in self._fold(line)))

    def tests_ended(self) -> None:
        """Take note that what comes now is no test's."""
        self._reporter.tests_ended()

    def close(self) -> None:
        """Show nothing from now on, save the lines that still wait."""
        self._ended.set()
        self._held.set()
        for thread in self._threads:
            thread.join()
        self.flush()
        self._reporter.close()

    def _begin(self, what: str, work: Callable[[], None]) -> None:
        """Have a thread do something until the end, if none does it yet."""
        name = f"harness-show-{what}"
        if all(thread.name != name for thread in self._threads):
            thread = threading.Thread(target=work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _tick(self) -> None:
        """Draw while anybody waits; it sleeps while nobody does."""
        while self._held.wait() and not self._ended.wait(_TICK):
            with self._lock:
                doing = self._live.doing(time.time()) if self._live.holds else None
                if doing is not None and self._screen is not None:
                    self._screen.draw(partial(drawn, doing))
