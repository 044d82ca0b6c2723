"""The few places where pytest's own structures are read, for pytest 8 and 9 alike.

pytest has no public way to ask which fixture definitions a test will run, nor which fixtures a
plugin brings. What is read here has kept its shape from pytest 8.0 to 9.2.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import pytest


def has_fixtures(item: pytest.Item) -> bool:
    """Whether a test is of a kind that has fixtures: an ``Item`` of a plugin's may have none."""
    return hasattr(item, "_fixtureinfo")


def definitions_to_run(item: pytest.Item) -> Iterator[Any]:
    """Yield the fixture definitions that a test will run, directly or through others.

    Definitions, not names: an override hides what it overrides unless it asks for it by its own
    name; an argument that is parametrized directly has a definition of pytest's own.
    """
    if has_fixtures(item):
        info = cast(Any, item)._fixtureinfo
        yield from _definitions(info.initialnames, info.name2fixturedefs.get)


def definitions_behind(item: pytest.Item, fixture: str) -> Iterator[Any]:
    """Yield the definitions of a fixture as a test sees it, and of all that it runs.

    It need not be one that the test will run: ``getfixturevalue`` may have asked for it.
    """
    import pytest

    manager = cast(Any, item.session)._fixturemanager
    node = item if pytest.version_tuple >= (8, 1) else item.nodeid
    yield from _definitions([fixture], lambda name: manager.getfixturedefs(name, node))


def _definitions(names: Iterable[str], find: Callable[[str], Any]) -> Iterator[Any]:
    pending = [(name, -1) for name in names]
    seen: set[tuple[str, int]] = set()
    while pending:
        name, index = place = pending.pop()
        definitions = find(name) or ()
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


def fixture_functions(plugins: Iterable[object]) -> dict[str, Callable[..., object]]:
    """Return the functions behind all fixtures that plugins bring, by the fixtures' names."""
    from _pytest.fixtures import getfixturemarker

    functions = {}
    for plugin in plugins:
        for attribute, value in _raw_attributes(plugin):
            if marker := getfixturemarker(value):
                functions[marker.name or attribute] = inspect.unwrap(cast(Any, value))
    return functions


def _raw_attributes(plugin: object) -> Iterator[tuple[str, object]]:
    """Yield a plugin's attributes without running any property of it."""
    holders = (plugin,) if isinstance(plugin, types.ModuleType) else _classes(plugin)
    for holder in holders:
        for name, value in vars(holder).items():
            yield name, value.__func__ if isinstance(value, staticmethod | classmethod) else value


def _classes(plugin: object) -> tuple[type, ...]:
    return (plugin if isinstance(plugin, type) else type(plugin)).__mro__


def cut_to_team(item: pytest.Item, found: pytest.ExceptionInfo[BaseException]) -> bool:
    """Cut an error's traceback to the team's own code; return whether there is any in it.

    That is code below pytest's root directory, save what is installed there. With
    ``--full-trace`` nothing is cut.
    """
    if item.config.getoption("fulltrace"):
        return True
    root, installed = item.config.rootpath, (Path(__file__).parent, Path(sys.prefix))
    kept = None
    for link in reversed([*_links(found.tb)]):
        path = Path(link.tb_frame.f_code.co_filename)
        if path.is_relative_to(root) and not any(map(path.is_relative_to, installed)):
            kept = types.TracebackType(kept, link.tb_frame, link.tb_lasti, link.tb_lineno)
    if kept is None:
        return False
    # a real traceback: pytest cuts the one it shows by following the links of the first entry
    found.traceback = type(found.traceback)(kept)
    return True


def _links(link: types.TracebackType | None) -> Iterator[types.TracebackType]:
    while link:
        yield link
        link = link.tb_next
