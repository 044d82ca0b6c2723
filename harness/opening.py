"""Opening a session: the names of services become markers and fixtures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from harness.bridge import fixture_names
from harness.console import Console
from harness.markers import TeamMarkers, marker_lines, registered, service_markers
from harness.model.names import Naming, name_services
from harness.plan.need import SERVICES_MARKER
from harness.service import plain_fixture
from harness.session import HarnessSession

if TYPE_CHECKING:
    import pytest

    from harness.settings import Settings
    from harness.source import Source

# the harness's own marker, and the one fixture that no plugin defines
RESERVED = frozenset({SERVICES_MARKER, "request"})


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
    taken = fixture_names(config.pluginmanager.get_plugins())
    fixtures = {
        name: plain_fixture(service, name)
        for service, name in naming.names.items()
        if name not in taken
    }
    session = HarnessSession(settings, source, naming, markers, Console(config))
    verbose = config.get_verbosity() > 0
    return session, [*header(source, naming, taken, verbose)], fixtures


def header(source: Source, naming: Naming, taken: Iterable[str], verbose: bool) -> Iterable[str]:
    """Yield the lines of pytest's header."""
    folders = ", ".join(_relative(group.directory, source) for group in source.groups)
    yield f"harness: {len(source.services)} services from {folders}"
    hidden = sorted(service for service, name in naming.names.items() if name in set(taken))
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
