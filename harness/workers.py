"""The controller of xdist: it hears from its workers, and removes what a dead one left."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.hooks import SessionHooks
    from harness.session import HarnessSession


def output(left: Iterable[str]) -> dict[str, Any]:
    """Return what a worker tells its controller at its end.

    Args:
        left: What could not be removed.
    """
    return {"left": [*left]}


class Workers:
    """Joins the run of xdist's workers. Registered in their controller."""

    def __init__(self, session: HarnessSession, hooks: SessionHooks) -> None:
        """Take the controller's session.

        Args:
            session: The session, which starts nothing itself.
            hooks: Its hooks, which tell what was left.
        """
        self._session = session
        self._hooks = hooks

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Be one of the run's processes before the first worker, and the last one to leave."""
        self._hooks.has_workers = True
        self._session.run.take_part(node.workerinput["testrunuid"])
        self._session.interrupts.install()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Give each worker tests that follow each other, unless the user chose otherwise.

        So the tests of a stack go to as few workers as keep all busy.
        """
        from xdist.scheduler import WorkStealingScheduling  # type: ignore[import-untyped]

        if config.getoption("dist") != "load" or _chosen(config):
            return None
        return WorkStealingScheduling(config, log)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of xdist has to tell."""
        told = (getattr(node, "workeroutput", None) or {}).get("harness")
        if told:
            self._hooks.left += told["left"]

    def pytest_keyboard_interrupt(self) -> None:
        """Have the workers end as well: a signal that was no terminal's reaches one process."""
        for pid in self._session.run.workers():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Remove what the workers had in common, and what one left that died."""
        try:
            return (yield)
        finally:
            try:
                self._hooks.found_left(self._session.run.end())
            except HarnessError as error:
                self._hooks.not_removed(error)
            self._hooks.judge(session)


def _chosen(config: pytest.Config) -> bool:
    """Whether the user said how tests are to be distributed."""
    import shlex

    given = [*map(str, config.invocation_params.args)]
    given += shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    added: Any = config.getini("addopts")
    return any(word == "-d" or word.startswith("--dist") for word in [*given, *added])
