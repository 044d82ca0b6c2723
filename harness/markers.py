"""The markers of services: which are ours, and how pytest lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from harness.model.names import Naming
    from harness.source import Source

SERVICES_LINE = (
    "services(*names, env=None): the test needs these services, by their names in the compose "
    "files; env gives them variables for this test"
)


class TeamMarkers:
    """Learns which markers the team registered itself, in its ini file or a conftest.

    It is registered as a plugin just before the conftests are, so that pytest calls its
    ``pytest_configure`` just after theirs (last registered is first called) and before those of
    other plugins. What is registered by then is the team's own.
    """

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()

    def pytest_configure(self, config: pytest.Config) -> None:
        """Note the markers that are registered by now."""
        self.names = frozenset(registered(config))


def registered(config: pytest.Config) -> Iterable[str]:
    """Return the names of all markers that are registered."""
    for line in config.getini("markers"):
        yield line.partition(":")[0].partition("(")[0].strip()


def service_markers(
    naming: Naming, existing: Iterable[str], team: frozenset[str]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Decide which services have a marker of their own.

    Returns:
        The service of each marker; and, for each service without one, the reason.
    """
    foreign = frozenset(existing) - team
    markers, without = {}, dict(naming.unnamed)
    for service, name in naming.names.items():
        if name in foreign:
            without[service] = f"`{name}` is a marker of pytest or of another plugin"
        else:
            markers[name] = service
    return markers, without


def marker_lines(
    source: Source, markers: Mapping[str, str], without: Mapping[str, str], existing: Iterable[str]
) -> Iterable[str]:
    """Yield the lines that ``pytest --markers`` shows."""
    known = frozenset(existing)
    by_name_only = "; ".join(f"{service!r} ({why})" for service, why in sorted(without.items()))
    yield SERVICES_LINE + (f". Only so: {by_name_only}" if by_name_only else "")
    for name, service in sorted(markers.items()):
        if name not in known:
            yield (
                f"{name}(env=None): the test needs service {service!r} "
                f"({source.services[service].location}) and all that it depends on"
            )
