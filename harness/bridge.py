"""The few places where pytest's own structures are read, for pytest 8 and 9 alike.

pytest has no public way to ask which fixture definitions a test will run, nor which fixtures a
plugin brings. What is read here has kept its shape from pytest 8.0 to 9.2.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def definitions_to_run(item: pytest.Item) -> Iterator[Any]:
    """Yield the fixture definitions that a test will run, directly or through others.

    Definitions, not names: an override hides what it overrides unless it asks for it by its own
    name; an argument that is parametrized directly has a definition of pytest's own.
    """
    info = getattr(item, "_fixtureinfo", None)
    if info is None:
        return
    pending = [(name, -1) for name in info.initialnames]
    seen: set[tuple[str, int]] = set()
    while pending:
        name, index = place = pending.pop()
        definitions = info.name2fixturedefs.get(name) or ()
        if place in seen or -index > len(definitions):
            continue
        seen.add(place)
        definition = definitions[index]
        yield definition
        pending += [(arg, index - 1 if arg == name else -1) for arg in definition.argnames]


def run_before_function_fixtures(item: pytest.Item, fixture: str) -> None:
    """Have a function-scoped fixture set up before every other one of that scope.

    Its set-up follows that of wider scopes, and its teardown comes last of its own.
    """
    names: list[str] = [*getattr(item, "fixturenames", ())]
    definitions = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]
    place = len(names)
    for position, name in enumerate(names):
        found = definitions.get(name)
        if found and found[-1].scope == "function":
            place = position
            break
    if fixture not in names:
        item.fixturenames = [*names[:place], fixture, *names[place:]]  # type: ignore[attr-defined]


def fixture_names(plugins: Iterable[object]) -> set[str]:
    """Return the names of all fixtures that plugins bring."""
    from _pytest.fixtures import getfixturemarker

    names = set()
    for plugin in plugins:
        for attribute, value in _raw_attributes(plugin):
            if marker := getfixturemarker(value):
                names.add(marker.name or attribute)
    return names


def _raw_attributes(plugin: object) -> Iterator[tuple[str, object]]:
    """Yield a plugin's attributes without running any property of it."""
    if isinstance(plugin, types.ModuleType | type):
        yield from vars(plugin).items()
        return
    for cls in type(plugin).__mro__:
        yield from vars(cls).items()
