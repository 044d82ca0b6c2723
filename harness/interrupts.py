"""SIGTERM and SIGHUP end a run in good order, as Ctrl-C does."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType

_NUMBERS = (signal.SIGTERM, signal.SIGHUP)
_AGAIN = 1.0  # seconds in which another signal is the same wish: of a group, or a controller


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
        self._raised = -_AGAIN
        self.received: int | None = None

    def install(self) -> None:
        """Handle the signals from now on. Only the main thread can have them handled."""
        if self._installed or threading.current_thread() is not threading.main_thread():
            return
        for number in _NUMBERS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._handle)
                self._installed.append(number)
                _handled.add(number)

    def uninstall(self) -> None:
        """Leave the signals as they were."""
        if threading.current_thread() is threading.main_thread():
            while self._installed:
                number = self._installed.pop()
                _handled.discard(number)
                signal.signal(number, signal.SIG_DFL)

    def ending(self) -> None:
        """The run ends because of an interrupt: further signals change nothing."""
        self._ending = True

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.received is None:
            self.received = number
        # one that came to nothing, since a test catches all there is, must not be the last
        if not self._ending and time.monotonic() - self._raised >= _AGAIN:
            self._raised = time.monotonic()
            raise Terminated(signal.Signals(number).name)


_handled: set[signal.Signals] = set()
_masks = threading.local()


def _before_fork() -> None:
    """Keep a signal to the child until it has no handler: Python forgets one that comes before."""
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, _handled)


def _in_parent() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


def _in_child() -> None:
    """A child that a test forked ends as it always did: what there is is its parent's."""
    for number in _handled:
        signal.signal(number, signal.SIG_DFL)
    _handled.clear()
    signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)
