"""What the tests of a session need, by their marks and their fixtures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from harness.bridge import definitions_to_run, fixtures_record
from harness.errors import SettingError
from harness.plan.need import SERVICES_MARKER, Need, need_from_marks
from harness.service import NEED_ATTRIBUTE

if TYPE_CHECKING:
    import pytest

_NOTHING = Need()
_NO_SERVICES: frozenset[str] = frozenset()


class Needs:
    """Reads what tests need. Thousands are asked for while tests are collected."""

    def __init__(self, markers: Mapping[str, str]) -> None:
        """Take the service that each marker stands for."""
        self._markers = markers
        self._marker_of = {service: marker for marker, service in markers.items()}
        self._ours = frozenset({SERVICES_MARKER, *markers})
        # by the names of marks without arguments
        self._plain: dict[tuple[str, ...], Need] = {}
        # by the ids of pytest's records, which are kept: nothing else shall get their ids
        self._fixtures: dict[int, tuple[object, frozenset[str]]] = {}

    def of(self, item: pytest.Item) -> Need:
        """Return what a test needs.

        Raises:
            SettingError: A mark has arguments that make no sense.
        """
        try:
            need = self._read(self._marks(item))
        except SettingError as error:
            raise SettingError(f"{place(item)}: {error}") from None
        services = self.from_fixtures(item)
        return need.joined(services) if services else need

    def concerns(self, item: pytest.Item) -> bool:
        """Whether a test needs a service, or has a mark that makes no sense."""
        return bool(self._marks(item) or self.from_fixtures(item))

    def add_markers(self, item: pytest.Item) -> None:
        """Mark a test with all services that it needs; what makes no sense is told when it runs."""
        marks, services = self._marks(item), self.from_fixtures(item)
        names = [mark.name for mark in marks]
        if not services and SERVICES_MARKER not in names:
            return  # it has the marker of each service already
        with suppress(SettingError):
            services |= self._read(marks).services
        for service in sorted(services):
            marker = self._marker_of.get(service)
            if marker and marker not in names:
                item.add_marker(marker)
            elif not marker and not any(
                m.name == SERVICES_MARKER and _names(m, service) for m in marks
            ):
                import pytest

                item.add_marker(getattr(pytest.mark, SERVICES_MARKER)(service))

    def any_isolation(self, items: Iterable[pytest.Item]) -> bool:
        """Whether a mark of any of these tests says how far services are its own."""
        nodes: list[Any] = [*items]
        seen: set[int] = set()
        for node in nodes:
            if node.own_markers and self._says_isolation(node.own_markers):
                return True
            if node.parent is not None and id(node.parent) not in seen:
                seen.add(id(node.parent))
                nodes.append(node.parent)
        return False

    def _says_isolation(self, marks: Iterable[pytest.Mark]) -> bool:
        for mark in marks:
            if mark.kwargs and "isolation" in mark.kwargs and mark.name in self._ours:
                return True
        return False

    @property
    def any_from_fixtures(self) -> bool:
        """Whether a fixture of any test that was asked for stands for a service."""
        return any(services for _, services in self._fixtures.values())

    def from_fixtures(self, item: pytest.Item) -> frozenset[str]:
        """Return the services behind the fixtures that a test will run."""
        record = fixtures_record(item)
        if record is None:
            return _NO_SERVICES
        known = self._fixtures.get(id(record))
        if known is None:
            services = (
                getattr(definition.func, NEED_ATTRIBUTE, None)
                for definition in definitions_to_run(item)
            )
            known = self._fixtures[id(record)] = record, frozenset(filter(None, services))
        return known[1]

    def _marks(self, item: pytest.Item) -> list[pytest.Mark]:
        """Return a test's marks that are the harness's, the closest first."""
        found = []
        node: Any = item
        while node is not None:
            # as iter_markers() does it, which takes three times as long
            for mark in node.own_markers:
                if mark.name in self._ours:
                    found.append(mark)
            node = node.parent
        return found

    def _read(self, marks: list[pytest.Mark]) -> Need:
        if not marks:
            return _NOTHING
        if any(mark.args or mark.kwargs for mark in marks):
            return need_from_marks(marks, self._markers)
        names = tuple([mark.name for mark in marks])
        if names not in self._plain:
            self._plain[names] = need_from_marks(marks, self._markers)
        return self._plain[names]


def _names(mark: pytest.Mark, service: str) -> bool:
    """Whether a mark names a service; whatever else it was given is not to be asked."""
    return any(isinstance(arg, str) and arg == service for arg in mark.args)


def place(item: pytest.Item) -> str:
    """Return where a test stands: ``test_it.py:5``."""
    path, line, _ = item.location
    return path if line is None else f"{path}:{line + 1}"
