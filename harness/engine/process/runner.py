"""Starts and ends the processes that stand in the place of containers."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness.engine.process import front, output
from harness.engine.process.launch import Prepared, prepare
from harness.engine.process.store import Made, State, Store
from harness.errors import ContainerGoneError, EngineRefusedError, HarnessError
from harness.lease.family import end, of, send
from harness.lease.labels import owner_of
from harness.lease.process import ProcessId, is_alive, this_process
from harness.lease.run import Run
from harness.local.log import Log
from harness.local.process import LocalProcess
from harness.plan.addresses import Ports

_RUNS = frozenset({"running", "paused"})
_PAUSE = 0.002
_PATIENCE = 10.0  # seconds for the kernel to end what was killed
_TOLD = 2.0  # seconds for a starter to say how its process ended
_RESTART_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)  # seconds; Docker's own doubling
_KILLED = 128 + signal.SIGKILL


class Runner:
    """The processes that this one has started, and a hand on those of others."""

    def __init__(
        self,
        run: Run,
        store: Store,
        names: Callable[[Made], Mapping[str, Ports]],
        tell: Callable[[Made, State], None],
    ) -> None:
        self.clock = output.Clock()
        self._run = run
        self._store = store
        self._names = names
        self._tell = tell
        self._watched: dict[str, threading.Thread] = {}
        self._unwanted: set[str] = set()  # those that no restart policy is to start again
        self._lock = threading.Lock()

    def state(self, id_: str) -> State:
        """Return how one is: what has ended has ended, though nobody has said so."""
        state = self._store.state(id_)
        if state.status not in _RUNS or not state.process.pid or is_alive(state.process):
            return state  # what was not started here has no process here
        deadline = time.monotonic() + _TOLD
        while (state := self._store.state(id_)).status in _RUNS and not is_alive(state.process):
            if time.monotonic() > deadline or not is_alive(state.starter):
                return self._note_end(self._store.made(id_), state, _KILLED)
            time.sleep(_PAUSE)
        return state

    def start(self, made: Made) -> None:
        """Start one.

        Raises:
            HarnessError: It does not say what to start, or the system does not run it.
        """
        if self.state(made.id).status in _RUNS:
            return
        with self._lock:
            self._unwanted.discard(made.id)
        self._start(made)

    def _start(self, made: Made, **changes: Any) -> None:
        with front.listeners(made) as listening:
            self._launch(made, self._prepared(made, listening), listening, changes)

    def _prepared(self, made: Made, listening: Sequence[int]) -> Prepared:
        if made.forwards:
            return Prepared(front.command(made, listening), Path("/"))
        return prepare(made, self._names(made), self._data(made))

    def _launch(
        self, made: Made, prepared: Prepared, inherits: Sequence[int], changes: Mapping[str, Any]
    ) -> None:
        folder = self._store.folder(made.id)
        process = LocalProcess(
            made.called,
            prepared.command,
            run=self._run,
            cwd=prepared.cwd,
            env=prepared.environment,
            log=Log(output.output_file(folder)),
            common=owner_of(made.labels) != this_process(),
            inherits=inherits,
        )
        now = time.time()
        try:
            process.start()
        except BaseException:
            process.clear_away()
            raise
        self.clock.follow(folder)
        state = self._store.change(
            made.id,
            status="running",
            process=process.id,
            mark=process.mark,
            starter=this_process(),
            command=prepared.command,
            environment=dict(prepared.environment),
            started=now,
            action="start",
            moment=now,
            **changes,
        )
        watching = threading.Thread(
            target=self._watch, args=(made, process), name="harness-process", daemon=True
        )
        with self._lock:
            self._watched[made.id] = watching
        watching.start()
        self._tell(made, state)

    def stop(self, made: Made) -> None:
        """Send one its signal; kill it when its grace period is over."""
        self._want_no_more(made)
        state = self.state(made.id)
        if state.status not in _RUNS:
            return
        if state.status == "paused":
            self.unpause(made)
        send(state.process, _signal(made.signal or "SIGTERM"))
        deadline = time.monotonic() + made.grace
        while is_alive(state.process) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        self.end(made)

    def kill(self, made: Made, number: signal.Signals) -> None:
        """Send a signal to the main process.

        Raises:
            EngineRefusedError: It does not run.
        """
        state = self._running(made)
        if number == signal.SIGKILL:
            self._want_no_more(made)
        send(state.process, number)

    def pause(self, made: Made) -> None:
        """Freeze one, with all that came of it."""
        state = self._running(made)
        self._to_all(state, signal.SIGSTOP)
        self._note(made, status="paused", action="pause", moment=time.time())

    def unpause(self, made: Made) -> None:
        """Thaw it."""
        state = self._running(made)
        self._to_all(state, signal.SIGCONT)
        self._note(made, status="running", action="unpause", moment=time.time())

    def end(self, made: Made) -> None:
        """Kill one with all that came of it, and return when it has ended."""
        self._want_no_more(made)
        with suppress(ContainerGoneError):
            state = self._store.state(made.id)
            if state.process.pid:
                end(lambda: of([state.process], state.mark, state.process.started))
        with self._lock:
            watching = self._watched.pop(made.id, None)
        if watching is not None and watching is not threading.current_thread():
            watching.join(_PATIENCE)
        with suppress(ContainerGoneError):
            self.state(made.id)

    def forget_data(self, made: Made) -> None:
        """Remove the data that one has left."""
        shutil.rmtree(self._data(made), ignore_errors=True)

    def _data(self, made: Made) -> Path:
        # short: the address of a socket has room for little more than a hundred bytes
        return self._run.data_folder / sha256(made.name.encode()).hexdigest()[:12]

    def _watch(self, made: Made, process: LocalProcess) -> None:
        """Wait for the end of a process that this one has started, and see to what follows."""
        code = process.popen.wait()
        process.clear_away()
        self.clock.leave(self._store.folder(made.id))
        with suppress(HarnessError, OSError):
            state = self._note_end(
                made, self._store.state(made.id), code if code >= 0 else 128 - code
            )
            if state.status == "restarting":
                self._again(made, state)

    def _again(self, made: Made, state: State) -> None:
        pause = _RESTART_PAUSES[min(state.restarts, len(_RESTART_PAUSES) - 1)]
        deadline = time.monotonic() + pause
        while time.monotonic() < deadline:
            if made.id in self._unwanted:
                self._note(made, status="exited")
                return
            time.sleep(_PAUSE * 5)
        try:
            self._start(made, restarts=state.restarts + 1)
        except HarnessError:
            self._note(made, status="exited")

    def _note_end(self, made: Made, state: State, code: int) -> State:
        again = made.id not in self._unwanted and _wants_restart(made.restart, code, state.restarts)
        mine = state.starter == this_process()
        now = time.time()  # one moment: other workers tell of the end by `finished`
        return self._note(
            made,
            status="restarting" if again and mine else "exited",
            exit_code=code,
            finished=now,
            action="die",
            moment=now,
        )

    def _note(self, made: Made, **changes: Any) -> State:
        state = self._store.change(made.id, **changes)
        if "action" in changes:
            self._tell(made, state)
        return state

    def _want_no_more(self, made: Made) -> None:
        with self._lock:
            self._unwanted.add(made.id)

    def _running(self, made: Made) -> State:
        state = self.state(made.id)
        if state.status not in _RUNS:
            raise EngineRefusedError(f"process {made.name} is not running, it is {state.status}")
        return state

    @staticmethod
    def _to_all(state: State, number: signal.Signals) -> None:
        members: frozenset[ProcessId] = of([state.process], state.mark, state.process.started)
        for member in members:
            send(member, number)


def _wants_restart(policy: str, code: int, restarts: int) -> bool:
    name, _, most = policy.partition(":")
    if name == "on-failure":
        return code != 0 and (not most.isdecimal() or restarts < int(most))
    return name in {"always", "unless-stopped"}


def _signal(name: str) -> signal.Signals:
    if name.isdecimal():
        return signal.Signals(int(name))
    return signal.Signals[name if name.startswith("SIG") else f"SIG{name}"]
