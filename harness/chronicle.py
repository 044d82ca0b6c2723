"""What is made of a run's journal: where it is written, and what is read from it at the end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from harness.observe.event import Event, Kind
from harness.observe.journal import Journal
from harness.observe.reading import run_events

if TYPE_CHECKING:
    from harness.lease.run import Run
    from harness.observe.watch import Watched
    from harness.settings import Settings


class Chronicle:
    """The journal of a session, those of the run's other processes, and what they come to."""

    def __init__(self, settings: Settings, run: Run, journal: Journal) -> None:
        """Take the journal.

        Args:
            settings: What the user chose.
            run: The run that this process is a part of.
            journal: This process's own journal.
        """
        self._settings = settings
        self._run = run
        self._journal = journal
        self._process = os.getpid()

    @property
    def folder(self) -> Path:
        """Where the processes of the run write what they tell."""
        return self._settings.report or self._run.folder

    def begin(self, pytest_version: str, at: float) -> None:
        """Tell what kind of run it is, and when it began, in seconds since the epoch."""
        self._journal.tell(
            Kind.RUN_BEGIN,
            at=at,
            run=self._run.id,
            project=self._settings.root.name,
            engine=self._settings.engine,
            isolation=str(self._settings.isolation),
            pytest=pytest_version,
            pid=os.getpid(),
        )
        if self._settings.report is not None:  # also of a run that gets to no service
            self.write()

    def write(self) -> None:
        """Have the journal written from now on, as far as somebody reads it before the end."""
        followed = bool(self._run.worker) or self._settings.report is not None
        self._journal.write_to(self.folder, followed=followed)

    def events(self) -> list[Event]:
        """Return what happened in the run so far, in all its processes."""
        return run_events(self._journal, self.folder)

    def summary(self) -> list[str]:
        """Return the lines of the summary at a run's end."""
        if self._settings.summary == "off":
            return []
        from harness.observe.summary import summary

        return summary(self.events(), full=self._settings.summary == "full")

    def watch_ready(self) -> Watched:
        """Hold times to ready against budgets and earlier runs, while the journals are there."""
        from harness.observe.watch import watch_ready

        chosen = self._settings
        return watch_ready(self.events(), chosen.root, chosen.history, chosen.budget)

    def end(self, exit_status: int) -> str:
        """Tell the end of this process's part, and draw the report.

        Returns:
            A line that says where the report is, or why there is none; empty where none is
            wanted, or another process draws it.
        """
        self._journal.tell(Kind.RUN_END, exit_status=exit_status)
        if self._settings.report is None or not self._draws:
            return ""
        from harness.observe.report.folder import finish

        return finish(self._journal, self._settings.report)

    def close(self) -> None:
        """Close the journal, and remove what a report was made of: everybody has read it."""
        self._journal.close()
        if self._settings.report is not None and self._draws:
            from harness.observe.report.folder import remove_parts

            remove_parts(self._settings.report)

    @property
    def _draws(self) -> bool:
        """Whether this process draws the report: no worker, and no child that a test forked."""
        return not self._run.worker and os.getpid() == self._process
