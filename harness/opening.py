"""Opening a session: the names of services become markers and fixtures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from harness.bridge import fixture_functions
from harness.console import Console
from harness.errors import mask_by
from harness.lease.run import Run
from harness.markers import TeamMarkers, marker_lines, registered, service_markers
from harness.model.names import Naming, name_services
from harness.observe.journal import Journal
from harness.plan.need import SERVICES_MARKER
from harness.secrets import Secrets
from harness.service import NEED_ATTRIBUTE, plain_fixture
from harness.session import HarnessSession

if TYPE_CHECKING:
    import pytest

    from harness.settings import Settings
    from harness.source import Source

# the harness's own marker, and the one fixture that no plugin defines
RESERVED = frozenset({SERVICES_MARKER, "request"})
# options of pytest with which no test runs
_NO_RUN = ("collectonly", "showfixtures", "show_fixtures_per_test", "markers")
# a fixture that uses one of them is a service's
GETTERS = frozenset(
    {
        "container_getter",
        "docker_project",
        "function_scoped_container_getter",
        "class_scoped_container_getter",
        "module_scoped_container_getter",
        "session_scoped_container_getter",
    }
)


def open_session(
    config: pytest.Config, settings: Settings, source: Source, team: TeamMarkers | None
) -> tuple[HarnessSession, list[str], Mapping[str, object]]:
    """Register markers, and make what a session needs.

    Returns:
        The session, the lines of pytest's header, and the fixtures to register by their names.
    """
    naming = name_services(source.services, RESERVED)
    existing = frozenset(registered(config))
    markers, without = service_markers(naming, existing, team.names if team else frozenset())
    for line in marker_lines(source, markers, without, existing):
        config.addinivalue_line("markers", line)
    secrets = Secrets(source)
    config.add_cleanup(mask_by(secrets.mask))
    taken, local = _existing_fixtures(config)
    fixtures = {
        name: plain_fixture(service, name)
        for service, name in naming.names.items()
        if name not in taken
    }
    if source.complete:
        check_chosen(settings, source)
    run = run_of(config, settings)
    session = HarnessSession(
        settings,
        source,
        naming,
        markers,
        Console(config),
        lambda: {*registered(config)},
        run,
        secrets,
        Journal(run.worker),
    )
    existing_fixtures = {**taken, **local}
    others = [
        name
        for name in naming.names.values()
        if name in existing_fixtures and not _asks_harness(name, existing_fixtures[name])
    ]
    # not get_verbosity(): pytest 8.0 without its terminal has no verbosity
    verbose = config.getoption("verbose", default=0) > 0
    lines = [*header(source, naming, others, verbose), *swap_lines(settings)]
    return session, lines, fixtures


def check_chosen(settings: Settings, source: Source) -> None:
    """Check that what is to be swapped is a service.

    Raises:
        UnknownServiceError: It is not.
    """
    if settings.local or settings.remote or settings.attach:
        from harness.plan.swap_choice import swaps_of
        from harness.plan.swapping import check_names

        check_names(swaps_of(settings), source.services)


def swap_lines(settings: Settings) -> Iterable[str]:
    """Yield a line of pytest's header for each way in which services are swapped."""
    remote = [f"{name} at {place}" for name, place in settings.remote.items()]
    for names, how in (
        (settings.local, "as local processes"),
        (remote, "elsewhere"),
        (settings.attach, "started by you"),
    ):
        if names:
            yield f"harness: {how}: {', '.join(names)}"


def with_report(config: pytest.Config, settings: Settings) -> Settings:
    """Make the folder of a report ready, if one is wanted and tests are to run.

    Raises:
        ReportError: It cannot be written.
    """
    if settings.report is None:
        return settings
    if any(config.getoption(option, default=False) for option in _NO_RUN):
        return settings._replace(report=None)
    if not hasattr(config, "workerinput"):
        from harness.observe.report.folder import prepare

        prepare(settings.report)
    return settings


def run_of(config: pytest.Config, settings: Settings) -> Run:
    """Return the run that this process is a part of."""
    worker: Mapping[str, str] = getattr(config, "workerinput", {})
    return Run(
        settings.root,
        worker.get("testrunuid", ""),
        worker.get("workerid", ""),
        settings.keep,
        keep_for=settings.keep_for,
        expiry=settings.expiry,
    )


def _existing_fixtures(
    config: pytest.Config,
) -> tuple[Mapping[str, Callable[..., object]], Mapping[str, Callable[..., object]]]:
    """Return the fixtures of plugins, and those of conftests.

    A plugin's must not be registered over. A conftest's overrides ours by itself, where it
    applies, and may ask for the one that it overrides.
    """
    plugins: list[object] = []
    conftests: list[object] = []
    for name, plugin in config.pluginmanager.list_name_plugin():
        if plugin is not None:
            (conftests if name.endswith("conftest.py") else plugins).append(plugin)
    return fixture_functions(plugins), fixture_functions(conftests)


def _asks_harness(name: str, function: Callable[..., object]) -> bool:
    """Whether a fixture gives the service that it is named like, as far as one can see."""
    arguments = inspect.signature(function).parameters
    return hasattr(function, NEED_ATTRIBUTE) or not arguments.keys().isdisjoint({name, *GETTERS})


def header(source: Source, naming: Naming, others: Collection[str], verbose: bool) -> Iterable[str]:
    """Yield the lines of pytest's header.

    Args:
        source: The compose files.
        naming: The services' names in Python.
        others: Names of fixtures that are there already and give something else than a service.
        verbose: Also name the files that were left out.
    """
    folders = ", ".join(_relative(group.directory, source) for group in source.groups)
    count = len(source.services)
    yield f"harness: {count} service{'s' if count > 1 else ''} from {folders}"
    hidden = sorted(service for service, name in naming.names.items() if name in others)
    if hidden:
        yield (
            f"harness: a fixture named like {', '.join(hidden)} exists already and wins: reach "
            f'the service by @pytest.mark.services("{hidden[0]}") and container_getter.get('
            f'"{hidden[0]}")'
        )
    if verbose:
        for path, why in source.left_out:
            yield f"harness: left out {path.name}: {why}"


def _relative(path: object, source: Source) -> str:
    from pathlib import Path

    folder = Path(str(path))
    try:
        return str(folder.relative_to(source.root)) or "."
    except ValueError:
        return str(folder)
