"""The hooks that show a run in pytest's terminal: while it works, and at its end."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

from harness.observe import github
from harness.observe.remarks import Remark, Remarks
from harness.observe.showing import Showing
from harness.observe.terminal import Reporter
from harness.observe.words import SECTION

if TYPE_CHECKING:
    from harness.session import HarnessSession


class TerminalHooks:
    """Registered in the process that has the terminal: pytest's own, or xdist's controller."""

    def __init__(self, session: HarnessSession, config: pytest.Config) -> None:
        """Begin to show what goes on, unless nothing is to be shown.

        Args:
            session: The session.
            config: The configuration that leads to pytest's terminal.
        """
        self._session = session
        self._in_actions = github.in_actions()
        self._showing = _showing(config, self._fold)
        if self._showing is not None:
            session.journal.subscribe(self._showing.take, self._showing.kinds)

    def _fold(self, line: Remark) -> list[str]:
        if not (self._in_actions and line.folded):
            return [line.text]
        return [*github.grouped(line.text, line.folded, _token())]

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_configure_node(self) -> None:
        """Show what xdist's workers tell, once the run that they are part of is known."""
        if self._showing is not None:
            self._showing.follow(lambda: self._session.chronicle.folder)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self) -> None:
        """Write what waits to be written before pytest writes of a test."""
        self._flush()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Take note that there are no more tests."""
        if self._showing is not None:
            self._showing.tests_ended()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> Generator[None, None, None]:
        """In GitHub Actions, fold what is long, and annotate the tests that failed."""
        self._flush()
        if not self._in_actions:
            return (yield)
        reports = [r for of in ("failed", "error") for r in terminalreporter.getreports(of)]
        # a report has sections, and so has the failure in it; other reporters read them, too
        holders = [h for r in reports for h in (r, r.longrepr) if getattr(h, "sections", None)]
        unfolded = [(holder, holder.sections) for holder in holders]
        for holder, sections in unfolded:
            holder.sections = [_folded(*section) for section in sections]
        try:
            yield
        finally:
            for holder, sections in unfolded:
                holder.sections = sections
        if reports and not config.pluginmanager.has_plugin(github.ANOTHER_ANNOTATES):
            workspace = os.environ.get("GITHUB_WORKSPACE", "")
            for line in github.annotated(
                self._session.chronicle.events(), config.rootpath, workspace
            ):
                terminalreporter.write_line(line)
        return None

    def pytest_unconfigure(self) -> None:
        """Show nothing any more."""
        if self._showing is not None:
            self._showing.close()

    def _flush(self) -> None:
        if self._showing is not None:
            self._showing.flush()


def _token() -> str:
    """Return a word that no service can guess."""
    return os.urandom(8).hex()


def _showing(config: pytest.Config, fold: Callable[[Remark], list[str]]) -> Showing | None:
    """Return what shows events, where anything is to be shown."""
    verbose = config.getoption("verbose", default=0)
    terminal: Any = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or verbose < 0:
        return None
    reporter = Reporter(config, terminal)
    screen = reporter.open_screen()
    lines = Remarks(verbose > 0, phases=screen is None, folds=github.in_actions())
    return Showing(lines, reporter, screen, fold)


def _folded(name: str, text: str, *more: str) -> tuple[str, ...]:
    """Return a section of a report as GitHub Actions is to show it, if it is the harness's."""
    if name != SECTION:
        return name, text, *more
    return name, "\n".join(github.section(name, text.splitlines(), _token())), *more
