"""Fixtures of wider scopes: a test's services are not theirs."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from harness.bridge import definitions_behind
from harness.service import NEED_ATTRIBUTE

if TYPE_CHECKING:
    from harness.session import HarnessSession

# pytest's own words, the same from 8.0 to 9.2
_MISMATCH = re.compile(
    r"ScopeMismatch: You tried to access the function scoped fixture (\S+) "
    r"with an? (\w+) scoped request object"
)
# the scopes that have a getter; a package's fixture takes the session's
_GETTER_SCOPES = frozenset({"class", "module", "session"})


class WiderScopes:
    """Tells a session when fixtures of a wider scope are set up, and when they end.

    Registered as a plugin of pytest where there is a compose project.
    """

    def __init__(self, session: HarnessSession) -> None:
        self._session = session

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, object, object]:
        """Have what a wider fixture does to services, or brings up, outlive its first test."""
        if fixturedef.scope == "function":
            return (yield)
        session = self._session
        with session.outside_of_tests(), session.wide_fixtures.being_set_up(fixturedef):
            return (yield)

    def pytest_fixture_post_finalizer(self, fixturedef: Any) -> None:
        """Put back what a wider fixture did to services."""
        self._session.wide_fixtures.ended(fixturedef)


def explain_mismatch(item: pytest.Item, error: BaseException) -> None:
    """Add to pytest's ScopeMismatch what to do, where it is about a service's fixture."""
    if not isinstance(error, pytest.fail.Exception) or not error.msg:
        return
    found = _MISMATCH.match(error.msg)
    if found is None:
        return
    name, scope = found.groups()
    definitions = [*definitions_behind(item, name)]
    if not any(map(_lives_with_test, definitions)):
        return
    services = (getattr(definition.func, NEED_ATTRIBUTE, None) for definition in definitions)
    example = next(filter(None, services), "app")
    getter = f"{scope if scope in _GETTER_SCOPES else 'session'}_scoped_container_getter"
    line = (
        f"harness: this fixture's services live as long as one test. Name the service's own "
        f"fixture as an argument of your fixture (it takes your fixture's scope), or take "
        f'{getter}.get("{example}"), which lives as long as your fixture.'
    )
    if line not in error.msg:  # pytest raises the same error for each test of the fixture
        error.msg = f"{error.msg.rstrip()}\n{line}"


def _lives_with_test(definition: Any) -> bool:
    """Whether a fixture is of the harness's own, and of one test's services."""
    own = hasattr(definition.func, NEED_ATTRIBUTE)
    own = own or getattr(definition.func, "__module__", "") == "harness.plugin"
    return own and definition.scope == "function"
