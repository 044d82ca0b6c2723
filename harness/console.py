"""Telling the user something in pytest's own output. What goes on is shown from the journal."""

from __future__ import annotations

import sys
import warnings
from contextlib import nullcontext
from typing import TYPE_CHECKING

from harness.errors import HarnessWarning, masked

if TYPE_CHECKING:
    import pytest


class Console:
    """Writes lines to pytest's terminal while a test's output is captured."""

    def __init__(self, config: pytest.Config) -> None:
        """Take the configuration that leads to pytest's reporter."""
        self._config = config

    def tell(self, text: str) -> None:
        """Show what the user has to act on, now: with ``-q`` too, and with secrets in it.

        He needs the values, at his own desk.
        """
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            for line in text.splitlines():
                self._write(reporter, line)

    def warn(self, text: str) -> None:
        """Show a warning in pytest's summary of warnings."""
        # the text names the place that matters: a line of a compose file, not of the harness
        warnings.warn_explicit(HarnessWarning(masked(text)), None, "<harness>", 0)

    @staticmethod
    def _write(reporter: object | None, line: str) -> None:
        if reporter is None:  # a worker of xdist: it shares the standard error
            print(line, file=sys.stderr, flush=True)
        else:
            reporter.ensure_newline()  # type: ignore[attr-defined]
            reporter.write_line(line)  # type: ignore[attr-defined]
