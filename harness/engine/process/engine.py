"""The engine: processes of this machine in the place of containers."""

from __future__ import annotations

import os
import shlex
import signal as signals
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from harness.engine.process import output
from harness.engine.process.events import ProcessEvents
from harness.engine.process.foreign import Foreign
from harness.engine.process.launch import names_for, with_ports
from harness.engine.process.runner import Runner
from harness.engine.process.session import LocalExecSession
from harness.engine.process.store import LOOPBACK, Made, State, Store, forwarder_of
from harness.engine.process.tree import memory_peak, tree
from harness.engine.protocol import (
    Binding,
    ExecResult,
    HealthCheck,
    Process,
    Say,
    Snapshot,
    Thing,
)
from harness.engine.protocol import (
    Made as MadeThings,
)
from harness.engine.reach import Reach, Seat
from harness.engine.replay import ContainerRequest
from harness.errors import ContainerGoneError, EngineRefusedError
from harness.lease.ports import PortClaims
from harness.lease.run import Run
from harness.plan.addresses import Ports
from harness.plan.swaps import How
from harness.services.local import server

_REACH = Reach(Seat.MACHINE, LOOPBACK, LOOPBACK)


class ProcessEngine:
    """Runs what a ``ProcessComposer`` has made; speaks Docker's words of it."""

    def __init__(
        self,
        run: Run,
        tell: Say,
        containers: Callable[[Made], Mapping[str, Ports]] = lambda _: {},
    ) -> None:
        """Take the run, which this process has joined.

        Args:
            run: The run.
            tell: Shows the user what a process of his own needs.
            containers: Gives what is beside a process and is none, by its names.
        """
        self.store = Store(run.folder / "processes")
        self.claims = PortClaims()
        self._events = ProcessEvents(self.store)

        def names(made: Made) -> Mapping[str, Ports]:
            return names_for(made, self.store, containers(made))

        self._runner = Runner(run, self.store, names, self._events.tell)
        self._foreign = Foreign(self.store, names, self._events.tell, tell)

    @property
    def reach(self) -> Reach:
        """Everything listens on this machine."""
        return _REACH

    def publish_widely(self) -> None:
        """There is nothing but this machine."""

    def check(self) -> None:
        """It is always there."""

    def containers(self, labels: Mapping[str, str]) -> list[str]:
        """Return the ids of all with these labels, running or not."""
        return [made.id for made in self.store.find(labels)]

    def things(self, labels: Mapping[str, str]) -> list[Thing]:
        """Return all with these labels."""
        return [
            Thing("container", made.id, made.name, made.labels) for made in self.store.find(labels)
        ]

    def made(self, labels: Mapping[str, str]) -> MadeThings:
        """Return all with these labels; there are neither networks nor volumes."""
        return MadeThings({made.name: made.id for made in self.store.find(labels)})

    def inspect(self, container: str) -> Mapping[str, Any]:
        """Return what is known of one."""
        made, state = self.store.made(container), self._runner.state(container)
        return {
            "Id": made.id,
            "Name": f"/{made.name}",
            "Config": {"Labels": made.labels},
            "State": {"Status": state.status, "Pid": state.process.pid},
        }

    def make_network(self, request: Mapping[str, Any]) -> None:
        """Make nothing: all listen on one address."""

    def make_volume(self, request: Mapping[str, Any]) -> None:
        """Make nothing: processes use the machine's own files."""

    def make_container(self, request: ContainerRequest) -> str:
        """Refuse: the composer makes them."""
        raise EngineRefusedError("a process is not made from a container's description")

    def subnets(self) -> list[IPv4Network]:
        """There are none."""
        return []

    def clock_ahead(self) -> float:
        """Processes have this machine's clock."""
        return 0.0

    def snapshot(self, container: str) -> Snapshot:
        """Look at one."""
        made, state = self.store.made(container), self._runner.state(container)
        runs = state.status in {"running", "paused"}
        return Snapshot(
            id=made.id,
            name=made.name,
            service=made.service,
            number=made.number,
            status=state.status,
            exit_code=state.exit_code,
            oom_killed=False,
            image=_what(made, state),
            restarts=state.restarts,
            check=_check(made),
            env=state.environment or made.environment,
            labels=made.labels,
            bindings=tuple(Binding(p, made.host, n) for p, n in made.published) if runs else (),
            command=tuple(state.command or made.command),
            pid=state.process.pid if runs else 0,
            addresses=(LOOPBACK,) if runs and made.is_ours else (),
            direct=True,
            scheme=made.scheme or "http",
            started_at=state.started,
            finished_at=state.finished,
        )

    def start(self, container: str) -> None:
        """Start one that was made, or has ended, and what forwards to it."""
        made = self.store.made(container)
        if made.front:
            self._runner.start(self.store.made(forwarder_of(container)))
        if made.is_ours:
            self._runner.start(made)
        else:
            self._foreign.start(made)

    def stop(self, container: str) -> None:
        """Stop one with its own signal and grace period."""
        self._runner.stop(self._ours(container, "stop it"))

    def kill(self, container: str, signal: str = "SIGKILL") -> None:
        """Send a signal to the main process."""
        self._runner.kill(self._ours(container, "kill it"), _number(signal))

    def pause(self, container: str) -> None:
        """Freeze one with all that came of it."""
        self._runner.pause(self._ours(container, "pause it"))

    def unpause(self, container: str) -> None:
        """Thaw it."""
        self._runner.unpause(self._ours(container, "unpause it"))

    def exec(self, container: str, command: Sequence[str], **options: Any) -> ExecResult:
        """Run a command beside a process: with its variables, in its folder.

        It runs as the tests' own account: ``user`` and ``privileged`` say nothing here.
        """
        made, state = self._running(container)
        environment = {**self._environment(state), **(options.get("environment") or {})}
        words = [with_ports(made, word) for word in command]
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=options.get("workdir") or _cwd(made),
                env=environment,
                start_new_session=True,
                check=False,
            )
        except OSError as error:
            code = 127 if isinstance(error, FileNotFoundError) else 126
            return ExecResult(code, f"{command[0]}: {error.strerror}\n")
        code = done.returncode
        return ExecResult(code if code >= 0 else 128 - code, done.stdout.decode(errors="replace"))

    def open_exec(
        self,
        container: str,
        command: Sequence[str],
        user: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> LocalExecSession:
        """Start a command beside a process, to talk with it until one of both ends."""
        made, state = self._running(container)
        variables = {**self._environment(state), **(environment or {})}
        try:
            return LocalExecSession(command, _cwd(made), variables)
        except OSError as error:
            raise EngineRefusedError(f"{command[0]}: {error.strerror}") from None

    def top(self, container: str) -> tuple[Process, ...]:
        """Return the main process, first, and its descendants."""
        _, state = self._running(container)
        return tree(state.process)

    def logs(
        self,
        container: str,
        since: float | None = None,
        tail: int | None = None,
        timestamps: bool = False,
    ) -> str:
        """Return what it wrote, from a time (epoch seconds) on."""
        folder = self.store.folder(self._ours(container, "read its log").id)
        ended = self._runner.state(container).status not in {"running", "paused"}
        self._runner.clock.look(folder)
        return output.read(folder, since, tail, timestamps, ended)

    def memory_peak(self, container: str) -> int | None:
        """Return the most memory that a process without children had, in bytes.

        The peaks of several may have been at different times: their sum says nothing.
        """
        processes = self.top(container)
        return memory_peak(processes[0].pid) if len(processes) == 1 else None

    def watch(self, labels: Mapping[str, str]) -> ProcessEvents:
        """Return the events of all processes of the run."""
        return self._events

    def put(self, container: str, archive: bytes) -> None:
        """Refuse: a process has no files of its own."""
        raise EngineRefusedError("a process has no root of its own to put files into")

    def remove(self, labels: Mapping[str, str], volumes: bool = True) -> None:
        """Kill and remove all with these labels; without volumes their data stays."""
        found = [*self.store.find(labels)]
        for made in found:
            self._remove(made, volumes)
        for stack in {made.stack for made in found}:
            self.store.forget_names(stack)

    def discard(self, container: str) -> None:
        """Kill and remove one, with its data."""
        for id_ in (forwarder_of(container), container):
            with suppress(ContainerGoneError):
                self._remove(self.store.made(id_), True)

    def networks(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        """Every network of a stack is the stack itself, as a scope of names."""
        return _EveryName(next((made.stack for made in self.store.find(labels)), ""))

    def gateways(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        """There are none."""
        return {}

    def connect(self, network: str, container: str, aliases: Sequence[str]) -> None:
        """Have the services of a stack know one of another stack under names."""
        self.store.connect(network, container, aliases)

    def remove_volumes(self, labels: Mapping[str, str], names: Iterable[str]) -> None:
        """There are none: data goes with its process."""

    def discard_volumes(self, names: Iterable[str]) -> None:
        """There are none."""

    def holder_of(self, port: int) -> str:
        """Say who listens on a port, as far as that can be known."""
        from harness.local.sockets import holder_of

        return holder_of(port)

    def has_image(self, image: str) -> bool:
        """No image is wanted, so none is missing."""
        return True

    def image_id(self, image: str) -> str | None:
        """There are none."""
        return None

    def image_tags(self, image: str) -> tuple[str, ...]:
        """There are none."""
        return ()

    def remove_image(self, image: str) -> None:
        """There are none."""

    def close(self) -> None:
        """Give ports back."""
        self.claims.close()

    def _remove(self, made: Made, volumes: bool) -> None:
        self._runner.end(made)
        if volumes:
            self._runner.forget_data(made)
            self.claims.release(port for _, port in made.ports)
        self.store.remove(made.id)

    def _ours(self, container: str, what: str) -> Made:
        """Return what was made.

        Raises:
            NotOursError: The harness has not started it.
        """
        made = self.store.made(container)
        if not made.is_ours:
            self._foreign.refuse(made, what)
        return made

    def _running(self, container: str) -> tuple[Made, State]:
        made = self._ours(container, "look into it")
        state = self._runner.state(container)
        if state.status not in {"running", "paused"}:
            raise EngineRefusedError(f"process {made.name} is not running, it is {state.status}")
        return made, state

    @staticmethod
    def _environment(state: State) -> dict[str, str]:
        from harness.lease.marks import VARIABLE

        return {**os.environ, **state.environment, VARIABLE: state.mark}


class _EveryName(dict[str, str]):
    """Gives the same answer for every name; none where there is none."""

    def __init__(self, answer: str) -> None:
        super().__init__()
        self._answer = answer

    def __contains__(self, name: object) -> bool:
        return bool(self._answer)

    def __missing__(self, name: str) -> str:
        return self._answer


def _check(made: Made) -> HealthCheck | None:
    """Return what says that a server serves: a check from a compose file is its container's."""
    command = server(made.use).check if made.use else ()
    return HealthCheck(("CMD", *command)) if command else None


def _what(made: Made, state: State) -> str:
    """Return what stands in an image's place: the command, or the option that says who runs it."""
    if not made.is_ours:
        return How(made.how).option
    return shlex.join(state.command or made.command or [made.use])


def _cwd(made: Made) -> str:
    return made.cwd if Path(made.cwd).is_dir() else "/"


def _number(signal: str) -> signals.Signals:
    """Read a signal as Docker does: ``SIGTERM``, ``TERM`` or ``15``."""
    try:
        if signal.isdecimal():
            return signals.Signals(int(signal))
        return signals.Signals[signal if signal.startswith("SIG") else f"SIG{signal}"]
    except (KeyError, ValueError):
        raise EngineRefusedError(f"invalid signal: {signal}") from None
