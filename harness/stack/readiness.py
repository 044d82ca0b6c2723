"""Waiting until a container is ready, and saying why it is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.engine.advice import make_room
from harness.engine.protocol import ContainerEvent, Engine, Events, Snapshot
from harness.errors import HarnessError, ServiceDiedError, ServiceNotReadyError
from harness.model.project import Service
from harness.plan.ready import Health, Log, Ready, ready_of
from harness.probe import Probe
from harness.probe.choose import Chooser
from harness.stack.failures import LAST_LINES
from harness.stack.graph import Cancelled
from harness.stack.killed import with_reason

LOG_LINES = 20
_LINE_WIDTH = 2000
# Seconds for which a service that offers nothing to probe must run: most that cannot start at all
# have exited by then.
_SETTLED = 0.25
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.01, 0.5, 1.5
# A pause need not be longer than this, or than so many times what a look takes: a port can be
# tried more often than a command can be run.
_OFTEN, _IDLE_SHARE = 0.1, 5
_SLICE = 0.1  # seconds after which it is noticed that somebody gave up


@dataclass(slots=True)
class _Watch:
    """One wait for one container.

    Attributes:
        service: Its service.
        ready: What the service asks for.
        one_shot: Somebody waits for it to complete.
        probes: What must still succeed in this run of the container; None before it runs.
        run: When the run began for which the probes are good.
        probed: Something was probed, and succeeded.
        snapshot: What the engine last said of the container.
        known: What its events had told by then.
        looked: When that was, by the monotonic clock.
    """

    service: Service
    ready: Ready
    one_shot: bool
    probes: list[Probe] | None = None
    run: float = 0.0
    probed: bool = False
    waited_for: str = ""
    saw: str = "nothing yet"
    told: tuple[str, str] | None = None
    pause: float = _FIRST_PAUSE
    snapshot: Snapshot | None = None
    known: ContainerEvent | None = None
    looked: float = 0.0
    longest: float = _OFTEN
    often: float = _OFTEN
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.waited_for = (
            f"its end (exit code {self.code})" if self.ends else "the container to run"
        )

    @property
    def ends(self) -> bool:
        """Whether ready means that it has ended."""
        return self.one_shot or self.ready.exit_code is not None

    @property
    def code(self) -> int:
        """The exit code with which it may end."""
        return self.ready.exit_code or 0

    @property
    def waited(self) -> float:
        """Seconds since the wait began."""
        return time.monotonic() - self.began

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be seen of a container that is to go on running."""
        return not self.probes and not self.ends and (self.probed or self.waited >= _SETTLED)

    def look(self) -> bool:
        """Look whether the next thing holds; if so, go on to the one behind it."""
        assert self.probes
        began = time.monotonic()
        ready, self.saw = self.probes[0].look()
        took = time.monotonic() - began
        self.waited_for = self.probes[0].name
        if ready:
            self.probed = True
            del self.probes[0]
        self.longest = min(_LONGEST_PAUSE, max(self.often, _IDLE_SHARE * took))
        return ready

    def next_pause(self) -> float:
        """Return how long to wait before the next look, in seconds."""
        if self.probes == []:
            # nothing to be looked at but its end, of which the events tell
            return _LONGEST_PAUSE if self.ends else _SETTLED - self.waited
        pause = self.pause
        self.pause = min(pause * _GROWTH, self.longest)
        return pause


@dataclass(frozen=True, slots=True)
class Readiness:
    """Waits for containers of one stack.

    Attributes:
        engine: The engine that runs them.
        events: Wakes a wait when something happens to its container. Some may be missed, so it
            looks for itself as well.
        timeout: Seconds for a service that says nothing of its own.
        cancelled: Set when somebody gave up on the stack.
        looked: Told of each look that saw something new: the service, what was looked at, and
            what was seen.
    """

    engine: Engine
    events: Events
    timeout: float
    cancelled: threading.Event
    looked: Callable[[Service, str, str], None] = lambda *_: None

    def wait(self, service: Service, container: str, one_shot: bool) -> Snapshot:
        """Wait until a started container is ready.

        Args:
            service: Its service.
            container: Its id.
            one_shot: Somebody waits for it to complete: ready means that it exits with 0.

        Returns:
            How it was then.

        Raises:
            ServiceDiedError: It exited.
            ServiceNotReadyError: Its deadline passed.
            SettingError: Its ``ready`` asks for what the container does not have.
            Cancelled: Somebody gave up on the stack.
        """
        watch = _Watch(service, ready_of(service), one_shot)
        while True:
            known = self.events.last(container)
            snapshot = self._seen(watch, container, known)
            if snapshot.direct:
                watch.often = _FIRST_PAUSE  # no engine is kept busy by a look
            if snapshot.finished:
                self._judge(watch, snapshot)
                return snapshot
            if snapshot.status in {"running", "paused"}:
                if watch.probes is None or watch.run != snapshot.started_at:
                    watch.run, watch.probes = snapshot.started_at, self._probes(watch, snapshot)
                if watch.settled:
                    return snapshot
                if watch.probes and self._look(watch):
                    continue
            else:
                watch.probes = None  # the next run may publish its ports anew
                watch.saw = f"container {snapshot.status}{_restarts(snapshot)}"
                self._tell(watch)
            limit = self._limit(watch, snapshot)
            if watch.waited > limit:
                raise ServiceNotReadyError(self._not_ready(watch, snapshot, limit))
            self._pause(watch, container, limit, known)

    def _look(self, watch: _Watch) -> bool:
        ready = watch.look()
        self._tell(watch)
        return ready

    def _tell(self, watch: _Watch) -> None:
        """Tell what was seen, once."""
        seen = watch.waited_for, watch.saw
        if seen != watch.told:
            watch.told = seen
            self.looked(watch.service, *seen)

    def _seen(self, watch: _Watch, container: str, known: ContainerEvent | None) -> Snapshot:
        """Return how a container is, asking the engine only where it may have changed.

        Twenty that are waited for at the same time would keep it busy otherwise.
        """
        old = watch.snapshot
        fresh = time.monotonic() - watch.looked < _LONGEST_PAUSE and known is watch.known
        if old is None or not fresh or not watch.probes or old.status != "running":
            watch.known, watch.looked = known, time.monotonic()
            watch.snapshot = self.engine.snapshot(container)
        assert watch.snapshot
        return watch.snapshot

    def answers(self, service: Service, container: str, within: float) -> bool:
        """Whether a container that was ready answers to a real request.

        Args:
            service: Its service.
            container: Its id.
            within: Seconds to wait for the answer.
        """
        requests = Chooser(self.engine, service, self.engine.snapshot(container)).requests(
            ready_of(service)
        )
        if not requests:
            return False  # a connection alone says nothing of those that it has to others
        deadline = time.monotonic() + within
        while requests:
            if requests[0].look().ready:
                del requests[0]
            elif time.monotonic() > deadline or self.cancelled.wait(_FIRST_PAUSE):
                return False
        return True

    def may_end(self, service: Service, snapshot: Snapshot, one_shot: bool) -> bool:
        """Whether an ended container did what it was there for."""
        return _may_end(_Watch(service, ready_of(service), one_shot), snapshot)

    def look_again(self, service: Service, container: str, one_shot: bool) -> None:
        """See whether a container that counted as ready because it ran has ended since.

        Raises:
            ServiceDiedError: It has, and not as it should.
        """
        watch = _Watch(service, ready_of(service), one_shot)
        snapshot = self.engine.snapshot(container)
        if snapshot.finished and not _may_end(watch, snapshot):
            raise ServiceDiedError(self._died(watch, snapshot, "soon"))

    def _judge(self, watch: _Watch, snapshot: Snapshot) -> None:
        """A container has ended: see whether it was to, and had logged what it should."""
        after = f"{watch.waited:.1f} s"
        if not _may_end(watch, snapshot):
            raise ServiceDiedError(self._died(watch, snapshot, after))
        if watch.probes is None or watch.run != snapshot.started_at:
            watch.probes = self._probes(watch, snapshot)
        while watch.probes:
            if not watch.look():
                raise ServiceDiedError(self._died(watch, snapshot, after))

    def _pause(
        self, watch: _Watch, container: str, limit: float, known: ContainerEvent | None
    ) -> None:
        """Wait a moment; less if something happens to the container or somebody gives up."""
        until = time.monotonic() + min(watch.next_pause(), limit - watch.waited)
        while not self.cancelled.is_set():
            left = until - time.monotonic()
            if left <= 0:
                return
            if self.events.wait(container, min(left, _SLICE), after=known):
                watch.pause = _FIRST_PAUSE
                return
        raise Cancelled

    def _probes(self, watch: _Watch, snapshot: Snapshot) -> list[Probe]:
        """Return what must succeed; a container that is to end has nothing but a log."""
        chooser = Chooser(self.engine, watch.service, snapshot)
        if not watch.ends and not snapshot.finished:
            return chooser.probes(watch.ready)
        logs = tuple(check for check in watch.ready.checks if isinstance(check, Log))
        return chooser.probes(Ready(logs)) if logs else []

    def _limit(self, watch: _Watch, snapshot: Snapshot) -> float:
        """Return the deadline in seconds: the larger of the default and the check's patience."""
        if watch.ready.timeout is not None:
            return watch.ready.timeout
        checks = watch.ready.checks
        checked = not checks or any(isinstance(check, Health) for check in checks)
        patience = snapshot.check.patience if snapshot.check and checked else 0.0
        return max(self.timeout, patience)

    def _died(self, watch: _Watch, snapshot: Snapshot, after: str) -> str:
        snapshot = with_reason(self.engine, snapshot)
        memory = _memory(snapshot)
        wanted = (
            f" (wanted {watch.code})" if snapshot.exit_code != watch.code and watch.ends else ""
        )
        missing = (
            f" (waited for {watch.waited_for}, last seen: {watch.saw})"
            if watch.probes and watch.ready.checks
            else ""
        )
        return (
            f"{watch.service.called} exited with code {snapshot.exit_code}{wanted}{memory} "
            f"{after} after its start{_restarts(snapshot)}, before it was ready{missing} "
            f"(container {snapshot.name}, image {snapshot.image}). {self._last_lines(snapshot)}"
        )

    def _not_ready(self, watch: _Watch, snapshot: Snapshot, limit: float) -> str:
        return (
            f"{watch.service.called} was not ready after {limit:g} s: waited for "
            f"{watch.waited_for}, last seen: {watch.saw} (container {snapshot.name}, "
            f"{snapshot.status}{_restarts(snapshot)}{_memory(snapshot)}). If it needs longer, "
            f"write `x-harness: {{ready: {{timeout: …}}}}` into its service, or set "
            f"--harness-timeout. "
            f"{self._last_lines(snapshot)}"
        )

    def _last_lines(self, snapshot: Snapshot) -> str:
        try:
            lines = self.engine.logs(snapshot.id, tail=LOG_LINES).splitlines()
        except HarnessError as error:
            return f"Its log cannot be read: {error}"
        if not lines:
            return "It logged nothing."
        room = make_room("\n".join(lines))
        return f"{room}{LAST_LINES}" + "\n".join(f"    {line[:_LINE_WIDTH]}" for line in lines)


def _may_end(watch: _Watch, snapshot: Snapshot) -> bool:
    """Whether an ended container did what it was there for.

    A service that is to end, or that has neither a port nor anything else to answer with, may
    end with its exit code. One that is to answer may not end at all.
    """
    asked = (check for check in watch.ready.checks if not isinstance(check, Log))
    answers = bool(watch.service.ports) or snapshot.check is not None or any(asked)
    return snapshot.exit_code == watch.code and (watch.ends or not answers)


def _memory(snapshot: Snapshot) -> str:
    """Say that a container, or a process in it, was killed for want of memory."""
    if not snapshot.oom_killed:
        return ""
    limit = f"its limit is {snapshot.memory / 2**20:g} MiB: raise `mem_limit`"
    return f", out of memory ({limit if snapshot.memory else 'it has no limit of its own'})"


def _restarts(snapshot: Snapshot) -> str:
    return f", restarted {snapshot.restarts} times" if snapshot.restarts else ""
