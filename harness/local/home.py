"""What process services of this process have in common: a run, a root, ports, the reaper."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError, mask_by
from harness.interrupts import Interrupts
from harness.lease.ports import PortClaims
from harness.lease.run import Run
from harness.secrets import Secrets
from harness.stack.abreast import Abreast

if TYPE_CHECKING:
    import pytest

_LOG = logging.getLogger("harness.process")
TIMEOUT = 60.0


class Home:
    """What process services are started with.

    Attributes:
        run: The run that this process is a part of.
        root: What relative paths are relative to.
        timeout: Seconds in which a service must be ready, if it does not say otherwise.
        claims: The ports that this process holds for them.
        secrets: What must not be shown.
    """

    def __init__(self, run: Run, root: Path, secrets: Secrets, timeout: float = TIMEOUT) -> None:
        """Take what pytest knows, or what stands in for it."""
        self.run = run
        self.root = root
        self.secrets = secrets
        self.timeout = timeout
        self.claims = PortClaims()
        self._watching: Abreast[None] | None = None
        self._maker = os.getpid()
        self._lock = threading.Lock()  # stacks start their processes abreast

    def expect_process(self) -> None:
        """Be in the record of the run, and watched, before a process starts.

        The reaper's answer is not waited for. Once it was launched it comes, whatever happens to
        this process: then it finds the record, and the mark.

        Raises:
            ReaperError: It was launched before, and did not come.
        """
        with self._lock:
            if self._watching is not None and self._watching.is_done:
                watching, self._watching = self._watching, None
                watching.result()
            self.run.join(uses=False)
            if self._watching is None and not self.run.is_watched:
                launched = threading.Event()
                self._watching = Abreast(lambda: self._watch(launched.set))
                launched.wait()

    def leave(self) -> None:
        """Leave the run, if this process is in it still."""
        if self._maker != os.getpid():
            return  # a fork of the tests' process
        if self._watching is not None:
            try:
                self._watching.result()  # the record must not go while the reaper comes
            except HarnessError as error:
                _LOG.warning("%s", error)
            self._watching = None
        with self.run.leave():
            self.claims.close()

    def _watch(self, launched: Callable[[], object]) -> None:
        from harness.lease.sweep import forget_dead_runs

        try:
            self.run.ensure_watched(launched)
        finally:
            launched()
        forget_dead_runs()


_homes: dict[int, Home] = {}


def home() -> Home:
    """Return the home of the pytest that runs now; without one, that of this process."""
    plugin = sys.modules.get("harness.plugin")
    configs: list[pytest.Config] = plugin.CONFIGS if plugin else []
    config = configs[-1] if configs else None
    key = id(config)
    if key not in _homes:
        _homes[key] = _of_pytest(config) if config else _of_process()
        if config:
            config.add_cleanup(partial(_homes.__delitem__, key))
    return _homes[key]


def _of_process() -> Home:
    """Return a home for services that no pytest knows of, or the one that started this process."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    root = Path.cwd()
    secrets = Secrets()
    mask_by(secrets.mask)
    made = Home(Run(root, os.environ.get("PYTEST_XDIST_TESTRUNUID", ""), worker), root, secrets)
    atexit.register(made.leave)
    return made


def _of_pytest(config: pytest.Config) -> Home:
    """Return a home in the run of a pytest, which it leaves at its end."""
    from harness import plugin
    from harness.local.hooks import ProcessHooks

    session = config.stash.get(plugin.SESSION, None)
    if session is not None:
        made = Home(session.run, session.settings.root, session.secrets, session.settings.timeout)
        hooks = ProcessHooks(made, session.interrupts, judges=False)
    else:
        chosen = plugin.read_settings(config)
        given: Mapping[str, str] = getattr(config, "workerinput", {})
        run = Run(chosen.root, given.get("testrunuid", ""), given.get("workerid", ""))
        secrets = Secrets()
        config.add_cleanup(mask_by(secrets.mask))
        made = Home(run, chosen.root, secrets, chosen.timeout)
        hooks = ProcessHooks(made, Interrupts(), judges=True)
    config.pluginmanager.register(hooks, "harness-processes")
    return made
