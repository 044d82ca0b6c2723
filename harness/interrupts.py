"""SIGTERM and SIGHUP end a run in good order, as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from types import FrameType

_NUMBERS = (signal.SIGTERM, signal.SIGHUP)


class Terminated(KeyboardInterrupt):
    """Somebody wants the run to end: raised in the main thread."""


class Interrupts:
    """Turns signals into interrupts while there is something to be removed.

    Python ends at once on these signals otherwise, and the reaper would have to remove what a
    run has; fixtures' own ends would not come about. A signal that somebody handles, or ignores
    (nohup), is left alone.
    """

    def __init__(self) -> None:
        self._installed: list[signal.Signals] = []
        self._ending = False
        self.received: int | None = None

    def install(self) -> None:
        """Handle the signals from now on. Only the main thread can have them handled."""
        if self._installed or threading.current_thread() is not threading.main_thread():
            return
        for number in _NUMBERS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._handle)
                self._installed.append(number)

    def uninstall(self) -> None:
        """Leave the signals as they were."""
        if threading.current_thread() is threading.main_thread():
            while self._installed:
                signal.signal(self._installed.pop(), signal.SIG_DFL)

    def ending(self) -> None:
        """The run ends because of an interrupt: further signals change nothing."""
        self._ending = True

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.received is None:
            self.received = number
        if not self._ending:
            self._ending = True
            raise Terminated(signal.Signals(number).name)
