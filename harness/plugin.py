"""The pytest plugin: hooks and fixtures. It joins the rooms and decides nothing."""

from __future__ import annotations

import types
from collections.abc import Generator, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from harness import settings
from harness.errors import HarnessError, HarnessWarning
from harness.settings import keys

if TYPE_CHECKING:
    from harness.getter import ContainerGetter, DockerProject
    from harness.markers import TeamMarkers
    from harness.session import HarnessSession
    from harness.source import Source
    from harness.stack.lease import Lease

SESSION: pytest.StashKey[HarnessSession] = pytest.StashKey()
TEAM_MARKERS: pytest.StashKey[TeamMarkers] = pytest.StashKey()
HEADER: pytest.StashKey[list[str]] = pytest.StashKey()
NO_FILES: pytest.StashKey[str] = pytest.StashKey()
# the pytests of this process that have begun and not ended; more than one where a test runs another
CONFIGS: list[pytest.Config] = []


def _rival(manager: pytest.PytestPluginManager) -> str:
    """Return the plugin beside us that adds options of the same names, or ``""``."""
    if manager.is_blocked(keys.RIVAL_ENTRY_POINT) or not find_spec(keys.RIVAL_MODULE):
        return ""
    from importlib.metadata import distributions

    installed = (name for name in keys.RIVALS if any(distributions(name=name)))
    return next(installed, keys.RIVALS[0])


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options and ini keys."""
    keys.add_options(parser, taken=bool(_rival(pluginmanager)))


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Begin to watch which markers the team itself registers, before its conftests are read."""
    from harness.markers import TeamMarkers

    witness = TeamMarkers()
    early_config.stash[TEAM_MARKERS] = witness
    early_config.pluginmanager.register(witness, "harness-team-markers")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read the compose files' names, and register a marker and a fixture for each service.

    It runs after every other plugin's, so that what they registered is known and left alone.
    """
    from harness.source import discover

    CONFIGS.append(config)
    config.add_cleanup(lambda: CONFIGS.remove(config))
    rival = _rival(config.pluginmanager)
    config.stash[HEADER] = [
        f"harness: {rival} is installed beside it and has options of the same names, which are "
        f"left to it: uninstall {rival}"
    ][: bool(rival)]
    if config.getoption("help", default=False):
        return
    try:
        chosen = read_settings(config)
        source = discover(chosen.root, chosen.files)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None
    if source is None:
        from harness.markers import SERVICES_LINE

        config.addinivalue_line("markers", SERVICES_LINE)
        config.stash[NO_FILES] = (
            f"no compose file found: wanted compose/*.yml or compose.yaml in {chosen.root}, or "
            f"what --docker-compose or ini harness_files names. Add a compose file, or name one."
        )
        return
    _open(config, chosen, source)


def read_settings(config: pytest.Config) -> settings.Settings:
    """Read the settings of a pytest.

    Raises:
        SettingError: A value makes no sense.
    """
    return settings.read(config, taken=bool(_rival(config.pluginmanager)))


def _open(config: pytest.Config, chosen: settings.Settings, source: Source) -> None:
    """Make the session, and register its hooks and the fixtures of its services."""
    from harness.hooks import SessionHooks
    from harness.opening import open_session, with_report
    from harness.scopes import WiderScopes
    from harness.terminal_hooks import TerminalHooks

    try:
        chosen = with_report(config, chosen)
        session, header, fixtures = open_session(
            config, chosen, source, config.stash.get(TEAM_MARKERS, None)
        )
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[SESSION] = session
    config.stash[HEADER] += header
    module = types.ModuleType("harness.service_fixtures", "A plain fixture for each service.")
    vars(module).update(fixtures)
    config.pluginmanager.register(module, "harness-service-fixtures")
    if not hasattr(config, "workerinput"):
        # before the session's: what these tell at the very end is to be shown, too
        config.pluginmanager.register(TerminalHooks(session, config), "harness-terminal")
    hooks = SessionHooks(session)
    config.pluginmanager.register(hooks, "harness-session")
    config.pluginmanager.register(WiderScopes(session), "harness-wider-scopes")
    if config.pluginmanager.has_plugin("xdist") and not hasattr(config, "workerinput"):
        from harness.workers import Workers

        config.pluginmanager.register(Workers(session, hooks), "harness-workers")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which services there are, and which have no fixture of their name."""
    return config.stash.get(HEADER, [])


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Stop a test that names services where no compose file defines any."""
    if NO_FILES in item.config.stash and item.get_closest_marker("services"):
        pytest.fail(item.config.stash[NO_FILES], pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the team's own lines and the message: a traceback through the harness helps nobody."""
    found = call.excinfo
    if found is None:
        return (yield)
    if not isinstance(found.value, HarnessError | HarnessWarning):
        if SESSION in item.config.stash:
            from harness.scopes import explain_mismatch

            explain_mismatch(item, found.value)
        return _explained(item, call, (yield))
    from harness.bridge import cut_to_team

    shows_team = cut_to_team(item, found)
    report = yield
    if not shows_team:
        report.longrepr = found.getrepr(style="value", chain=False)
    return _explained(item, call, report)


def _explained(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport
) -> pytest.TestReport:
    """Add to a failure what the test's services did."""
    session = item.config.stash.get(SESSION, None)
    if report.failed and session is not None and call.excinfo is not None:
        session.inquest.explain(report, call.excinfo.value, call.stop)
    return report


def session_of(request: pytest.FixtureRequest) -> HarnessSession:
    """Return the session of the harness.

    Raises:
        ComposeFileError: There is no compose file.
    """
    from harness.errors import ComposeFileError

    session = request.config.stash.get(SESSION, None)
    if session is None:
        raise ComposeFileError(request.config.stash.get(NO_FILES, "the harness was not configured"))
    return session


@pytest.fixture
def harness_stack(request: pytest.FixtureRequest) -> Iterator[Lease]:
    """The stack of this test: brought up before its other fixtures, gone after them."""
    session = session_of(request)
    yield session.begin(request.node)
    session.end(request.node)


@pytest.fixture(scope="session")
def docker_project(request: pytest.FixtureRequest) -> DockerProject:
    """The compose project: ``up(services)``, ``containers()``, ``down(image_type, volumes)``."""
    return session_of(request).project


@pytest.fixture
def harness_services(request: pytest.FixtureRequest, harness_stack: Lease) -> ContainerGetter:
    """What service fixtures ask: like ``container_getter``, for tests that name nothing else."""
    from harness.getter import ContainerGetter

    return ContainerGetter(session_of(request).project)


@pytest.fixture
def container_getter(
    request: pytest.FixtureRequest, harness_services: ContainerGetter
) -> ContainerGetter:
    """The containers of this test's services: ``get("name")``, ``get(Class)``, ``get_all(…)``."""
    session_of(request).check_need(request.node)
    return harness_services


@pytest.fixture
def function_scoped_container_getter(container_getter: ContainerGetter) -> ContainerGetter:
    """``container_getter`` under the name that pytest-docker-compose gave it."""
    return container_getter


def _getter_of_its_own(request: pytest.FixtureRequest) -> Iterator[ContainerGetter]:
    session = session_of(request)
    with session.getter_of_its_own(str(request.fixturename), request.node.nodeid) as getter:
        yield getter


@pytest.fixture(scope="class")
def class_scoped_container_getter(request: pytest.FixtureRequest) -> Iterator[ContainerGetter]:
    """Containers that the tests of a class share: ``get("name")`` starts a service when needed."""
    yield from _getter_of_its_own(request)


@pytest.fixture(scope="module")
def module_scoped_container_getter(request: pytest.FixtureRequest) -> Iterator[ContainerGetter]:
    """Containers that the tests of a module share: ``get("name")`` starts a service when needed."""
    yield from _getter_of_its_own(request)


@pytest.fixture(scope="session")
def session_scoped_container_getter(request: pytest.FixtureRequest) -> Iterator[ContainerGetter]:
    """Containers that all tests share: ``get("name")`` starts a service when it is needed."""
    yield from _getter_of_its_own(request)
