"""The tests that need services, as the journal tells them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.errors import masked
from harness.observe.event import Kind
from harness.observe.journal import Journal

if TYPE_CHECKING:
    import pytest

UNFINISHED = "unfinished"
"""The outcome of a test that was interrupted, or has no end at all: its process was killed."""
# characters of a failure's text that a journal holds: its end, where the error stands
_TEXT = 8_000


class TestJournal:
    """Tells when a test begins, how each phase of it ended, and what it came to.

    A test counts from the moment on that it is known to need a service.
    """

    __test__ = False  # pytest is not to collect it where it is imported

    def __init__(self, journal: Journal) -> None:
        """Take the journal."""
        self._journal = journal
        self._item: pytest.Item | None = None
        self._began = 0.0
        self._told = False
        self._outcome = "passed"
        self._message = ""

    @property
    def began(self) -> float:
        """When the test under way began, in seconds since the epoch; 0 outside of tests."""
        return self._began

    @property
    def test(self) -> str:
        """The id of the test under way, ``""`` outside of tests."""
        return self._item.nodeid if self._item is not None else ""

    @contextmanager
    def running(self, item: pytest.Item, *, concerned: bool) -> Iterator[None]:
        """A test runs as long as the context lasts.

        Args:
            item: The test.
            concerned: Whether it is known already to need a service.
        """
        self._item, self._told, self._began = item, False, time.time()
        self._outcome, self._message = "passed", ""
        try:
            if concerned:
                self.concerned()
            yield
        except BaseException:  # an interrupt, pytest.exit(): no phase will tell of it
            if self._outcome == "passed":
                self._outcome = UNFINISHED
            raise
        finally:
            if self._told:
                self._end(item)
            self._item, self._began = None, 0.0

    def concerned(self) -> None:
        """The test under way needs a service: begin to tell of it."""
        if self._item is not None and not self._told:
            self._told = True
            path, line, _ = self._item.location
            self._journal.tell(
                Kind.TEST_BEGIN,
                at=self._began,
                test=self._item.nodeid,
                file=path,
                line=None if line is None else line + 1,
            )

    def phase(self, report: pytest.TestReport) -> None:
        """A phase of the test under way has ended."""
        if self._item is None or not self._told or report.nodeid != self._item.nodeid:
            return
        outcome, message = outcome_of(report), message_of(report)
        if outcome != "passed" and self._outcome in {"passed", "skipped", "xfailed", "xpassed"}:
            self._outcome, self._message = outcome, message
        more: dict[str, Any] = {}
        if report.failed:
            more["text"] = _failure(report)
            if (line := failing_line(report, self._item)) is not None:
                more["line"] = line
        self._journal.tell(
            Kind.TEST_PHASE,
            took=report.duration,
            test=report.nodeid,
            when=report.when,
            outcome=outcome,
            message=message,
            **more,
        )

    def _end(self, item: pytest.Item) -> None:
        self._journal.tell(
            Kind.TEST_END,
            took=time.time() - self._began,
            test=item.nodeid,
            outcome=self._outcome,
            message=self._message,
        )


def _failure(report: pytest.TestReport) -> str:
    from harness.observe.section import text_without

    return masked(text_without(report))[-_TEXT:]


def outcome_of(report: pytest.TestReport) -> str:
    """Return what pytest calls the outcome of a phase: passed, failed, error, skipped, …."""
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    if report.failed:
        return "failed" if report.when == "call" else "error"
    return str(report.outcome)


def failing_line(report: pytest.TestReport, item: pytest.Item) -> int | None:
    """Return the line of a test's file that a phase failed at, if it was in that file."""
    entries = getattr(getattr(report.longrepr, "reprtraceback", None), "reprentries", ())
    places = [place for e in entries if (place := getattr(e, "reprfileloc", None)) is not None]
    # paths are told relative to where pytest was started, as far as they are below
    here = item.config.invocation_params.dir
    lines = [place.lineno for place in places if here / place.path == item.path]
    return lines[-1] if lines else None


def message_of(report: pytest.TestReport) -> str:
    """Return the first line of what a phase failed of, or ``""``."""
    if report.passed:
        return ""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        text = str(crash.message)
    elif isinstance(report.longrepr, tuple):  # a skip: path, line and reason
        text = str(report.longrepr[-1])
    else:
        text = report.longreprtext.strip()
    return masked(text.partition("\n")[0])
