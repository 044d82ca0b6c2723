"""A service as a process of this machine."""

from __future__ import annotations

import logging
import os
import re
import subprocess
from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from harness.container import NetworkInfo, PublishedPorts
from harness.errors import DockerConfigurationError, PortTakenError, ServiceStateError, SettingError
from harness.local.command import Name, find_executable, find_folder
from harness.local.declared import Called, Port, declare_port
from harness.local.home import Home, home
from harness.local.listening import LOOPBACK, ListenProbe, taken
from harness.local.process import LocalProcess
from harness.local.settling import SettledProbe
from harness.local.sockets import holder_of

T = TypeVar("T")
P = ParamSpec("P")
_LOG = logging.getLogger("harness.process")
_PORT = re.compile(r"\$(?:\{PORT\}|PORT\b)")


class ProcessService(ABC):
    """A service that a test starts from its executable.

    Derive a class for each service. The services that it depends on are arguments of its
    constructor, so that fixtures carry the dependencies::

        class Service2(harness.ProcessService):
            executable_path = "build/service2"
            port = 0

            def __init__(self, service1: Service1):
                self.env = {"SERVICE1_URL": f"http://{service1.host}:{service1.port}"}

        @pytest.fixture
        def service2(service1):
            with Service2(service1) as svc:
                yield svc

    Entering starts it and waits until it is ready; leaving ends it, with all that came of it, and
    frees what it held. After that it may be entered again. Its standard input is empty.

    The attributes are set in the class, or on the instance before it is entered. Relative paths
    are relative to pytest's root directory; without pytest, to the working directory.

    Attributes:
        executable_path: The program: a path, or text without a slash to be looked up on ``PATH``.
        args: Its arguments. ``$PORT`` and ``${PORT}`` in them stand for the port.
        env: Variables on top of those of the tests' process; ``$PORT`` likewise.
        cwd: The directory that it runs in, the root directory unless set.
        port: Where it listens, on 127.0.0.1. Not set: it has none, and is ready when it runs. A
            number: it is ready when it answers there. ``0``: a free port is taken and handed over
            as ``$PORT``. On an entered instance it is the actual one; reading it where there is
            none raises ``DockerConfigurationError``, before and after ``ServiceStateError``.
        start_timeout: Seconds within which it must be ready; ``--harness-timeout`` unless set.
        stop_timeout: Seconds that it may take to end after SIGTERM, before it is killed.
    """

    executable_path: Name = ""
    args: Sequence[str | os.PathLike[str]] = ()
    env: Mapping[str, str] = MappingProxyType({})
    cwd: Name | None = None
    start_timeout: float | None = None
    stop_timeout: float = 10.0
    if TYPE_CHECKING:
        port: int
    else:
        port = Port(None)

    _own_port: int | None
    _resources: ExitStack | None
    _local: LocalProcess | None
    _listens: int | None

    def __new__(cls, *_args: Any, **_options: Any) -> Self:
        """Make an instance whose constructor need not call that of this class."""
        if cls is ProcessService:
            raise TypeError(
                "ProcessService is abstract: derive a class that sets `executable_path`"
            )
        made = super().__new__(cls)
        made._own_port = cls.port
        made._resources = made._local = made._listens = None
        return made

    def __init_subclass__(cls, **options: Any) -> None:
        """Take note of the port that a class declares."""
        super().__init_subclass__(**options)
        declare_port(cls)

    def __repr__(self) -> str:
        if self._local is None:
            return f"<{type(self).__name__} not started>"
        return f"<{type(self).__name__} pid {self._local.id.pid}, {self._local.ending}>"

    def prepare(self) -> None:  # noqa: B027 (most have nothing to prepare)
        """Make what the process needs, before it starts: for subclasses that need something.

        Attributes may still be set here; ``enter_context`` and ``callback`` see to the end::

            def prepare(self) -> None:
                data = self.enter_context(tempfile.TemporaryDirectory())
                self.args = ["--data", data]
        """

    def __enter__(self) -> Self:
        """Start it, and wait until it is ready.

        Raises:
            ServiceStateError: It has been entered, and not left.
            ExecutableError: The executable or the directory is not there, or cannot be used.
            PortTakenError: Somebody else has the port.
            ServiceDiedError: It ended before it was ready.
            ServiceNotReadyError: It was not ready in time.
            ReaperError: What ends it when pytest is killed could not be started.
        """
        if self._resources is not None:
            raise ServiceStateError(
                f"{self._called()} was entered while it is entered already. Make a second "
                f"instance, or leave this one first."
            )
        with ExitStack() as stack:
            self._resources = stack
            try:
                self.prepare()
                self._start(stack)
            except BaseException:
                self._resources = self._listens = None
                raise
            self._resources = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it, and free what it held. A second time there is nothing to do."""
        stack, self._resources = self._resources, None
        if stack is None:
            return
        try:
            stack.__exit__(kind, error, traceback)
        finally:
            self._listens = None

    def enter_context(self, manager: AbstractContextManager[T]) -> T:
        """Enter a context that is left when the service ends; return what it gives.

        What was entered in ``prepare`` is left after the process has ended, what was entered
        later before that; the last one first.

        Raises:
            ServiceStateError: The service is not entered, so nothing would leave the context.
        """
        return self._entered("enter_context").enter_context(manager)

    def callback(
        self, function: Callable[P, object], *args: P.args, **options: P.kwargs
    ) -> Callable[P, object]:
        """Have a function called when the service ends, in the order of ``enter_context``.

        Raises:
            ServiceStateError: The service is not entered, so nothing would call it.
        """
        self._entered("callback").callback(function, *args, **options)
        return function

    @property
    def process(self) -> subprocess.Popen[str]:
        """The process, also when it has ended.

        Raises:
            ServiceStateError: It was not started.
        """
        if self._local is None:
            raise ServiceStateError(f"wanted the process of {self._called()}, which never started")
        return self._local.popen

    @property
    def is_running(self) -> bool:
        """Whether the process runs now."""
        return self._local is not None and self._local.running()

    @property
    def output(self) -> str:
        """What it has written so far to both its streams; after its end, all of it.

        What is no UTF-8 is replaced. A new start begins a new one.
        """
        return self._local.log.read() if self._local is not None else ""

    @property
    def host(self) -> str:
        """Where it listens.

        Raises:
            DockerConfigurationError: It has no port.
            ServiceStateError: It is not entered.
        """
        return self.network_info[0].hostname

    @property
    def network_info(self) -> list[NetworkInfo]:
        """Its port, as containers have it. Asking for one that it has not raises.

        Raises:
            ServiceStateError: It is not entered.
        """
        self._entered("its address")
        port = self._listens
        found = [] if port is None else [NetworkInfo(f"{port}/tcp", LOOPBACK, port)]
        return PublishedPorts(found, self)

    def unpublished(self, wanted: str) -> DockerConfigurationError:
        """Return the error for something wanted of a service that has no port."""
        return DockerConfigurationError(
            f"wanted {wanted} of {self._called()}, which has one port at the most. Set `port` in "
            f"its class: a number, or 0 for a free one that is handed over as $PORT."
        )

    def kill(self, timeout: float | None = None) -> None:
        """End the process, and all that came of it: SIGTERM to its group, a wait, SIGKILL.

        One that has ended already is no error; it is logged. What else the service holds is freed
        when it is left.

        Args:
            timeout: Seconds from SIGTERM to SIGKILL; ``stop_timeout`` unless given.
        """
        if self._local is None:
            _LOG.warning("%s was to be killed, and never started", self._called())
        else:
            self._local.end(self.stop_timeout if timeout is None else timeout)

    def _start(self, stack: ExitStack) -> None:
        if isinstance(self.args, str):
            raise SettingError(
                f"{self._called()} has one text as `args`: write a list of arguments"
            )
        at = home()
        own = tuple((str(name), str(value)) for name, value in self.env.items())
        at.secrets.given(((type(self).__name__, own),))
        port = self._listens = self._claim(at, stack)
        given = {} if port is None else {"PORT": str(port)}
        env = {**given, **{name: _with_port(value, port) for name, value in self.env.items()}}
        args = [_with_port(os.fspath(arg), port) for arg in self.args]
        called = self._called(at.root)
        path = {**os.environ, **env}
        executable = find_executable(self.executable_path, at.root, path, called)
        folder = find_folder(self.cwd, at.root, called)
        timeout = at.timeout if self.start_timeout is None else self.start_timeout
        at.expect_process()
        local = LocalProcess(
            called, [executable, *args], run=at.run, cwd=folder, env=env, timeout=timeout
        )
        self._local = local
        stack.callback(self._leave, local)
        local.start()
        probe = SettledProbe() if port is None else ListenProbe(called, port, local.members)
        local.wait_ready(probe)

    def _leave(self, local: LocalProcess) -> None:
        local.end(self.stop_timeout)

    def _claim(self, at: Home, stack: ExitStack) -> int | None:
        """Take the port, which is given back when the service ends."""
        port = self._own_port
        if port is None:
            return None
        if port == 0:
            port = at.claims.claim(LOOPBACK)
        elif not at.claims.take(port, LOOPBACK):
            holder = holder_of(port) or "another test run, or another user's process"
            raise PortTakenError(taken(self._called(at.root), port, holder))
        stack.callback(at.claims.release, [port])
        return port

    def _entered(self, what: str) -> ExitStack:
        if self._resources is None:
            state = "is not entered" if self._local is None else "has been left"
            raise ServiceStateError(
                f"wanted {what} of {self._called()}, which {state}: use it inside of its `with`, "
                f"or in its `prepare`."
            )
        return self._resources

    def _called(self, root: Path | None = None) -> Called:
        return Called(type(self), root or Path.cwd())


def _with_port(text: str, port: int | None) -> str:
    return text if port is None else _PORT.sub(str(port), text)
