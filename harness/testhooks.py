"""The hooks that see each test. Only a run with compose files has them."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.session import HarnessSession


class TestHooks:
    """Tells a session of the tests that are collected and run."""

    __test__ = False  # no test class, for whom this name says so

    def __init__(self, session: HarnessSession) -> None:
        self._session = session

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Add a test's need as markers, so that ``-m`` finds it."""
        self._session.collected(item)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Give services' fixtures their scopes, and have tests that share stacks run together."""
        self._session.tests.finished(items)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take note of the tests that will run."""
        self._session.tests.will_run(session.items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, nextitem: pytest.Item | None) -> None:
        """Take note of the test that follows."""
        self._session.tests.following = nextitem

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Look again at a test's marks: hooks may have added some since it was collected.

        Give a test that has no fixtures its stack after its own set-up.
        """
        self._session.collected(item)
        yield
        self._session.begin_without_fixtures(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        """Begin to start what the next test needs, while this one runs."""
        self._session.look_ahead()
