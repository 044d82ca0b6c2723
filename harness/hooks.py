"""The hooks of a session: registered where there are compose files, so that others pay nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.interrupts import Terminated

if TYPE_CHECKING:
    from harness.session import HarnessSession

# where a worker of xdist writes what its controller is to know
WORKER_OUTPUT = "harness"


class SessionHooks:
    """Tells a session of its tests: which there are, when each begins, when all have ended."""

    def __init__(self, session: HarnessSession) -> None:
        """Take the session.

        Args:
            session: The session.
        """
        self._session = session
        self._needs = session.needs
        self.left: list[str] = []  # what could not be removed
        self.has_workers = False
        self.slow: list[str] = []  # what was over its budget
        self.noted: list[str] = []  # what a look has found
        self.drawn = ""  # where the report is, or why there is none

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Add a test's need as markers, so that ``-m`` finds it."""
        self._needs.add_markers(item)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Give services' fixtures their scopes, and have tests that share stacks run together."""
        self._session.tests.finished(items)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take note of the tests that will run."""
        self._session.tests.will_run(session.items)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Take note of the test that begins, and of the one that follows."""
        self._session.tests.following = nextitem
        with self._session.told_tests.running(item, concerned=self._needs.concerns(item)):
            return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note of what a phase of the test came to."""
        self._session.told_tests.phase(report)
        if report.when == "teardown":
            self._session.reported()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Look again at a test's marks: hooks may have added some since it was collected.

        Give a test that has no fixtures its stack after its own set-up.
        """
        self._session.set_up(item)
        yield
        self._session.begin_without_fixtures(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Begin to start what the next test needs, while this one runs; then judge its services."""
        self._session.look_ahead()
        result = yield
        self._session.judge_services()
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Take note of a test that has failed or was skipped: its services fail it no more."""
        report = yield
        if call.when != "teardown" and not (report.passed and call.excinfo is None):
            self._session.spare_services()
        return report

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Take note that the run ends: a further signal must not end its end."""
        self._session.interrupts.ending()
        # pytest's own, and xdist's, are of other classes, and cut nothing short: pytest.exit(), -x
        if excinfo.type in (KeyboardInterrupt, Terminated):
            self._session.run.interrupted()

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionstart(self) -> Generator[None, None, None]:
        """Begin the journal, once xdist has given the run its id."""
        began = time.time()
        yield
        self._session.chronicle.begin(pytest.__version__, began)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Remove whatever is left, after the last fixtures; a run that leaves something failed."""
        try:
            self._close()
        except KeyboardInterrupt:
            self._close()  # removal takes a moment; pytest itself handles no interrupt here
            self.left.append("harness: KeyboardInterrupt while services were being removed")
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        self.found_left(self._session.left())
        if hasattr(session.config, "workeroutput"):
            from harness.workers import output

            session.config.workeroutput[WORKER_OUTPUT] = output(self.left)
            self.left.clear()
        elif self.has_workers or "fleet" in vars(self._session):  # else no service was started
            self._watch_ready()
        self.judge(session)
        self.drawn = self._session.chronicle.end(int(session.exitstatus))

    def _watch_ready(self) -> None:
        """Hold the run's times to ready against budgets and earlier runs."""
        watched = self._session.chronicle.watch_ready()
        self.slow += watched.over
        self.noted += watched.noted

    def not_removed(self, error: HarnessError) -> None:
        """Take note of what could not be removed."""
        self.left.append(f"harness: something could not be removed: {error}")

    def found_left(self, things: Sequence[str]) -> None:
        """Take note of what a look at the run's end has found."""
        if things:
            line = f"harness: this run has left {', '.join(things)}"
            if self._session.settings.strict:
                self.left.append(f"{line} (--harness-strict)")
            else:
                self.noted.append(f"{line}; `harness prune` removes it once nobody uses it")

    def judge(self, session: pytest.Session) -> None:
        """Give the run its exit status: of the signal that ended it, or of what it has come to."""
        if self._session.interrupts.received is not None:
            # what a shell says of a command that the signal has ended
            session.exitstatus = 128 + self._session.interrupts.received
        elif (self.left or self.slow) and session.exitstatus in {
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        }:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> None:
        """Say what could not be removed, also with ``-q``, and what may be worth knowing."""
        for line in (*self.left, *self.slow):
            terminalreporter.write_line(line, red=True)
        for line in self.noted:
            terminalreporter.write_line(line, yellow=True)
        self.left.clear()
        self.slow.clear()
        self.noted.clear()
        if self.drawn:
            terminalreporter.write_line(self.drawn)
        if config.getoption("verbose", default=0) >= 0:
            for line in self._session.chronicle.summary():
                terminalreporter.write_line(line)

    def pytest_unconfigure(self) -> None:
        """Remove what is left of a run that ended on the way; say what no summary said."""
        self._close()
        for line in (*self.left, *self.slow, *self.noted):
            print(line, file=sys.stderr)
        self._session.chronicle.close()
        self._session.interrupts.uninstall()

    def _close(self) -> None:
        try:
            self._session.close()
        except HarnessError as error:
            self.not_removed(error)
