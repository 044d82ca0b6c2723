"""A process of this machine, and all that comes of it."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from mirakuru.base import ENV_UUID, SimpleExecutor
from mirakuru.exceptions import ProcessFinishedWithError, TimeoutExpired

from harness.errors import ServiceDiedError, ServiceNotReadyError
from harness.lease.family import end, of
from harness.lease.process import ProcessId, look
from harness.lease.run import Run
from harness.local.command import not_run
from harness.local.log import Log
from harness.probe.base import Probe

_LOG = logging.getLogger("harness.process")
_PAUSE = 0.005  # seconds between two looks


class LocalProcess(SimpleExecutor):
    """A process in a session of its own, entered into the record of a run before it starts.

    mirakuru starts it, waits, and says when it is enough. Three of its ways are changed:

    - It marks processes by a variable, ``PID:UUID``, and each process that has imported it kills at
      its exit whatever has its own pid *somewhere* in that mark: pid 45 would end one in nine of
      those of other workers. The run's mark stands in its place, by which the reaper goes too.
    - It calls ``setsid`` in Python, between fork and exec: that is unsafe where there are threads
      (subprocess, ``preexec_fn``), and slow in a large process.
    - It ends what is left of a process by the mark alone, and by SIGTERM where that was asked for.
      Here all that came of it is killed, also what has dropped the mark.

    Its output goes into a file: mirakuru's pipes are read by nobody once a process is ready.
    """

    def __init__(
        self,
        called: object,
        command: Sequence[str],
        *,
        run: Run,
        cwd: Path,
        env: Mapping[str, str],
        timeout: float = 60.0,
        log: Log | None = None,
        common: bool = False,
        inherits: Sequence[int] = (),
    ) -> None:
        """Say what to start.

        Args:
            called: What messages call it; asked for its text when there is one.
            command: A path, and arguments; no shell is involved.
            run: The run that it belongs to, which this process has joined.
            cwd: Where it runs.
            env: Variables on top of this process's.
            timeout: Seconds from its start within which it must be ready.
            log: What it writes into, if not into a file of its own.
            common: Whether it belongs to all processes of the run, and not to this one.
            inherits: Open files that it gets.
        """
        self.log = log or Log()
        self.called = called
        self.id = ProcessId(0, "")
        self._entered = run.enter_process(common=common)
        mark = run.mark_of(self._entered)
        [self.mark] = mark.values()  # what all carry that came of it, unless they dropped it
        self._popen: subprocess.Popen[str] | None = None
        self._family: set[ProcessId] = set()
        self._began = 0.0
        self._maker = os.getpid()
        self._inherits = inherits
        super().__init__(
            [*command],
            cwd=str(cwd),
            timeout=timeout,
            sleep=_PAUSE,
            envvars={**env, **mark},
            stdin=subprocess.DEVNULL,
            stdout=self.log.descriptor,
            stderr=subprocess.STDOUT,
        )

    @property
    def popen(self) -> subprocess.Popen[str]:
        """The started process; it stays when it has ended."""
        assert self._popen is not None, "start it first"
        return self._popen

    @property
    def envvars(self) -> dict[str, str]:
        """All variables of the process."""
        envvars = super().envvars
        del envvars[ENV_UUID]
        return envvars

    @property
    def _popen_kwargs(self) -> dict[str, Any]:
        options = super()._popen_kwargs
        del options["preexec_fn"]
        return {**options, "start_new_session": True, "pass_fds": self._inherits}

    def start(self) -> Self:
        """Start it. Whoever starts it ends it, also if this fails.

        Raises:
            ExecutableError: The system does not run it.
        """
        self._began = time.monotonic()
        try:
            super().start()
        except OSError as error:
            raise not_run(self.command_parts[0], error, self.called) from None
        assert self.process is not None
        self._popen = self.process
        entry = look(self.process.pid)
        self.id = ProcessId(self.process.pid, entry.started if entry else "")
        self._entered.name(self.id)
        return self

    def wait_ready(self, probe: Probe) -> None:
        """Wait until a probe succeeds.

        Raises:
            ServiceDiedError: The process ended first.
            ServiceNotReadyError: The time was up.
        """
        saw = "nothing yet"

        def look() -> bool:
            nonlocal saw
            if not self.running():
                raise ServiceDiedError(self._died(f"waited for {probe.name}, last seen: {saw}"))
            ready, saw = probe.look()
            return ready

        try:
            self.wait_for(look)
        except TimeoutExpired:
            raise ServiceNotReadyError(
                f"{self.called} was not ready after {self._timeout:g} s: waited for {probe.name}, "
                f"last seen: {saw} ({self._described}). If it needs longer, set `start_timeout` "
                f"in its class, or --harness-timeout. {self._last_lines()}"
            ) from None

    def family(self) -> frozenset[ProcessId]:
        """Return the processes that are it, or came of it.

        Those seen before are known though their parents have ended since.
        """
        found = of([self.id, *self._family], self.mark, self.id.started)
        self._family |= found
        return found

    def members(self) -> Iterator[ProcessId]:
        """Yield the process itself, and then the others that came of it: these take a search."""
        yield self.id
        yield from self.family() - {self.id}

    def end(self, timeout: float) -> None:
        """End it and all that came of it: SIGTERM to its group, a wait, then SIGKILL.

        One that has ended already is no error; it is logged, and what it left is killed.

        Args:
            timeout: Seconds from SIGTERM to SIGKILL.
        """
        if self._maker != os.getpid():
            return  # a fork of the tests' process has a copy of this object, and no process
        try:
            if self.process is not None and self.running():
                self.family()  # what has left the session is an orphan afterwards
                self._timeout = timeout
                with suppress(ProcessFinishedWithError):  # any exit code will do
                    self.stop()
            elif self.process is not None:
                _LOG.warning("%s had ended by itself: it %s", self.called, self.ending)
        finally:
            if self.process is None:  # an interrupt came after the fork: only its mark is known
                end(self.family)
            self.kill()
            self._entered.strike()

    def clear_away(self) -> None:
        """It has ended: kill what it left."""
        self.kill()
        self._entered.strike()

    def kill(self, wait: bool = True, sig: int | None = None) -> Self:
        """Kill it and all that came of it, at once."""
        if self._maker == os.getpid() and self.process is not None:
            if self.running():
                self.family()
            super().kill(wait, sig)
        return self

    def __del__(self) -> None:
        """Kill what nobody can end any more; at the end of this process the run sees to it."""
        if not sys.is_finalizing():
            super().__del__()

    def _kill_all_kids(self, sig: int) -> set[int]:
        return {process.pid for process in end(self.family)}

    @property
    def ending(self) -> str:
        """How it ended, in words: ``exited with code 3``, ``was killed by SIGSEGV``."""
        code = self.popen.poll()
        if code is None:
            return "runs"
        if code >= 0:
            return f"exited with code {code}"
        with suppress(ValueError):
            return f"was killed by {signal.Signals(-code).name}"
        return f"was killed by signal {-code}"

    @property
    def _described(self) -> str:
        return f"pid {self.id.pid}, `{shlex.join(self.command_parts)}` in {self._cwd}"

    def _died(self, waited: str) -> str:
        after = time.monotonic() - self._began
        return (
            f"{self.called} {self.ending} {after:.1f} s after its start, before it was ready "
            f"({waited}; {self._described}). {self._last_lines()}"
        )

    def _last_lines(self) -> str:
        lines = self.log.last_lines()
        if not lines:
            return "It wrote nothing."
        return "Its last lines:\n" + "\n".join(f"    {line}" for line in lines)
