"""The hooks of a run with process services: registered when the first one starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.interrupts import Interrupts

if TYPE_CHECKING:
    from harness.local.home import Home


class ProcessHooks:
    """Ends a run in good order, and leaves it."""

    def __init__(self, home: Home, interrupts: Interrupts, *, judges: bool) -> None:
        """Have signals end the run as Ctrl-C does.

        Args:
            home: What is to be left at the end.
            interrupts: Those of the session, where there is one.
            judges: Whether nobody else says how a run ended that a signal has ended.
        """
        self._home = home
        self._interrupts = interrupts
        self._judges = judges
        interrupts.install()

    def pytest_keyboard_interrupt(self) -> None:
        """Take note that the run ends: a further signal must not end its end."""
        self._interrupts.ending()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Leave the run after the last fixtures."""
        self._home.leave()
        if self._judges and self._interrupts.received is not None:
            # what a shell says of a command that the signal has ended
            session.exitstatus = 128 + self._interrupts.received

    def pytest_unconfigure(self) -> None:
        """Leave the run again if something was started since, or if it ended on the way."""
        self._home.leave()
        if self._judges:
            self._interrupts.uninstall()
