"""What is found out when a test has failed, shown with its failure and told to the journal."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.errors import (
    ComposeFileError,
    HarnessError,
    ImageUnavailableError,
    MissingVariableError,
    NoServiceNamedError,
    ServiceFailedError,
    SettingError,
    StartFailedBeforeError,
    TurnTimeoutError,
    UnknownServiceError,
    masked,
)
from harness.observe.event import Event, Kind
from harness.observe.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from harness.observe.evidence import Evidence
    from harness.observe.findings import Findings, Span
    from harness.observe.lines import Line
    from harness.observe.logfiles import LogFiles
    from harness.observe.tests import TestJournal
    from harness.stack.lease import Lease

# The first is told by the start's own report; the others no service has to do with.
_NO_SERVICES = (
    StartFailedBeforeError,
    ComposeFileError,
    ImageUnavailableError,
    MissingVariableError,
    NoServiceNamedError,
    SettingError,
    TurnTimeoutError,
    UnknownServiceError,
)
_TOLD_LINES = 500  # of a test's log, in the journal


class Inquest:
    """Knows which services the test under way has, and looks into them when it fails.

    A test that passes costs nothing but a list of its leases.
    """

    def __init__(
        self,
        journal: Journal,
        tests: TestJournal,
        files: LogFiles,
        folder: Callable[[], Path],
    ) -> None:
        """Look into nothing yet.

        Args:
            journal: What happened.
            tests: The test under way.
            files: Where whole logs are written.
            folder: Gives the folder where all processes of the run write their journals.
        """
        self._journal = journal
        self._tests = tests
        self._files = files
        self._folder = folder
        self._standing: dict[str, Lease] = {}
        self._leases: list[Lease] = []
        self._shown: list[str] = []
        self._span: Span | None = None
        self._told = False
        self.disturbed = False

    def begin(self, item: pytest.Item) -> None:
        """A test begins."""
        fixtures = getattr(item, "fixturenames", ())
        self._leases = [lease for name, lease in self._standing.items() if name in fixtures]
        self._shown, self._span, self._told, self.disturbed = [], None, False, False

    def concerns(self, lease: Lease) -> None:
        """The test under way uses a lease."""
        self._leases.append(lease)

    def stands(self, fixture: str, lease: Lease) -> None:
        """A lease is used by all tests that have a fixture."""
        self._standing[fixture] = lease
        self._leases.append(lease)

    @contextmanager
    def standing(self, fixture: str, lease: Lease) -> Iterator[None]:
        """A lease is used by tests that have a fixture, for as long as the context lasts."""
        self.stands(fixture, lease)
        try:
            yield
        finally:
            self._standing.pop(fixture, None)

    def explain(self, report: pytest.TestReport, raised: BaseException, moment: float) -> None:
        """Add to a failure what the test's services did.

        Args:
            report: The report of the phase that failed.
            raised: What it failed with.
            moment: When, in seconds since the epoch.
        """
        if not self._leases or isinstance(raised, _NO_SERVICES):
            return
        try:
            self._explain(report, raised, moment)
        except HarnessError:
            return  # the failure itself is worth more than what cannot be looked up
        except Exception as error:  # a test must not fail of what only looks
            from harness.observe.section import add

            add(report, f"what they did could not be found out: {masked(repr(error))}")

    def _explain(self, report: pytest.TestReport, raised: BaseException, moment: float) -> None:
        from harness.observe.findings import Span, findings
        from harness.observe.section import add, section

        evidence = self._evidence(raised)
        if self._span is None:  # a later phase's failure is told from the first one's moment, too
            called = "the assertion" if isinstance(raised, AssertionError) else "the failure"
            if isinstance(raised, ServiceFailedError):
                moment, called = raised.moment, "the end of the test"
            self._span = Span(self._tests.began, moment, called)
        span = self._span
        found = findings(self._events(evidence), evidence, span)
        self.disturbed = self.disturbed or bool(evidence.disturbed)
        new = [line for line in found.verdict if line not in self._shown]
        self._shown += new
        if not found or (self._told and not new):
            return
        self._tests.concerned()
        if new:
            self._tell(Kind.TEST_VERDICT, lines=[masked(line) for line in new])
        if self._told:  # the report of an earlier phase has the log
            add(report, "\n".join(new))
            return
        self._told = True
        add(report, section(found, span.began, self._written(found, span.began)))
        self._tell_log(self._tests.test, found.lines, found.anomaly)
        self._tell(
            Kind.TEST_STATE, services={name: state.data() for name, state in found.states.items()}
        )

    def _evidence(self, raised: BaseException) -> Evidence:
        from harness.observe.evidence import Evidence

        joined = Evidence()
        for lease in self._leases:
            known = {t.witness.container for t in joined.statements}
            more = lease.evidence(self._tests.began, raised, known)
            joined = joined.joined(more)
        return joined

    def _events(self, evidence: Evidence) -> Sequence[Event]:
        """Return what happened; other workers know more of what all use."""
        shared = any(not t.witness.own for t in evidence.statements)
        if not (shared and self._journal.worker):
            return self._journal.kept()
        from harness.observe.reading import run_events

        return run_events(self._journal, self._folder())

    def _written(self, found: Findings, began: float) -> str:
        from harness.observe.lines import LOG_LINES
        from harness.observe.section import formatted
        from harness.observe.shorten import Shown

        if not found.lines:
            return ""
        whole = [Shown(line, anomaly=i == found.anomaly) for i, line in enumerate(found.lines)]
        counts = Counter(line.service for line in found.lines if not line.note)
        cut = max(counts.values(), default=0) >= LOG_LINES
        called = f"The last {LOG_LINES} lines of each service" if cut else "The whole log"
        return self._files.write(self._tests.test, called, formatted(whole, began, width=None))

    def log_of_all(self) -> Callable[[], None] | None:
        """Return what tells the journal the log of the test that has ended, if it is not told."""
        if self._told or not self._leases:
            return None
        leases, test, began, ended = self._leases, self._tests.test, self._tests.began, time.time()

        def tell() -> None:
            from harness.observe.anomaly import first_anomaly
            from harness.observe.lines import merged

            lines = merged(lease.logs(began, ended, _TOLD_LINES) for lease in leases)
            if lines:
                self._tell_log(test, lines, first_anomaly(lines, {}))

        return tell

    def _tell_log(self, test: str, lines: Sequence[Line], anomaly: int | None) -> None:
        from harness.observe.shorten import shortened

        shown = shortened(lines, anomaly, _TOLD_LINES)
        told = [
            [round(s.line.at, 6), s.line.service, s.line.text, "anomaly" if s.anomaly else ""]
            for s in shown
        ]
        self._journal.tell(Kind.TEST_LOG, test=test, lines=told, cut=len(lines) - len(told))

    def _tell(self, kind: Kind, **data: Any) -> None:
        self._journal.tell(kind, test=self._tests.test, **data)
