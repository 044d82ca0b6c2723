"""The few places where pytest's own structures are read, for pytest 8 and 9 alike.

pytest has no public way to ask which fixture definitions a test will run, nor which fixtures a
plugin brings. What is read here has kept its shape from pytest 8.0 to 9.2.
"""

from __future__ import annotations

import copy
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


def fixtures_record(item: pytest.Item) -> object | None:
    """Return pytest's record of a test's fixtures, the same for equal ones; None without any."""
    info = getattr(item, "_fixtureinfo", None)
    return info if info is not None and info.name2fixturedefs else None


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


def wider_users(item: pytest.Item, services_of: Callable[[Any], str]) -> dict[Any, frozenset[str]]:
    """Return the definitions of a wider scope that a test will run and that use services.

    Args:
        item: The test.
        services_of: Gives the service that a definition is the fixture of, or ``""``.

    Returns:
        For each such definition, the services that it reaches, by itself or through others.
    """
    if not has_fixtures(item):
        return {}
    info = cast(Any, item)._fixtureinfo
    reached: dict[tuple[str, int], frozenset[str]] = {}
    users: dict[Any, frozenset[str]] = {}

    def reach(name: str, index: int) -> frozenset[str]:
        place = name, index
        definitions = info.name2fixturedefs.get(name) or ()
        if place not in reached and -index <= len(definitions):
            reached[place] = frozenset()  # a fixture that asks for itself has no more to give
            definition = definitions[index]
            own = services_of(definition)
            found = frozenset({own} if own else ()).union(
                *(reach(a, index - 1 if a == name else -1) for a in definition.argnames)
            )
            reached[place] = found
            if found and definition.scope != "function":
                users[definition] = found
        return reached.get(place, frozenset())

    for name in info.initialnames:
        reach(name, -1)
    return users


def with_scope(definition: Any, scope: str) -> Any:
    """Return a fixture's definition with another scope, and a value of its own."""
    from _pytest.scope import Scope

    changed = copy.copy(definition)
    changed._scope = Scope(scope)
    changed.cached_result = None
    changed._finalizers = type(definition._finalizers)()
    return changed


def use_definition(item: pytest.Item, old: Any, new: Any) -> None:
    """Have a test, and all that share its fixtures' definitions, run another definition."""
    definitions = cast(Any, item)._fixtureinfo.name2fixturedefs
    for name, found in definitions.items():
        if old in found:
            definitions[name] = type(found)(new if d is old else d for d in found)


def see_definitions(item: pytest.Item) -> None:
    """Have a test's request know which definitions the test runs: pytest 8 copied them for it."""
    definitions = cast(Any, item)._fixtureinfo.name2fixturedefs
    known = getattr(getattr(item, "_request", None), "_arg2fixturedefs", definitions)
    if known is not definitions:
        known.update(definitions)


def is_pinned(item: pytest.Item) -> bool:
    """Whether pytest has ordered a test by a parameter that lives longer than it."""
    spec = getattr(item, "callspec", None)
    if spec is None:
        return False
    from _pytest.scope import Scope

    return any(s is not Scope.Function for s in spec._arg2scope.values())


def is_skipped(item: pytest.Item) -> bool:
    """Whether a test may be skipped by a mark."""
    return any(item.get_closest_marker(name) for name in ("skip", "skipif"))


def only_known_fixtures(item: pytest.Item) -> bool:
    """Whether all fixtures that a test has still to run are pytest's own, or the harness's.

    A session's fixture that has run already changes nothing any more, unless it is one of several
    with other parameters; a module's or a class's may end before the test begins.
    """
    return all(
        _has_run(definition) or _is_known(definition) for definition in definitions_to_run(item)
    )


def _has_run(definition: Any) -> bool:
    lasts = definition.scope == "session" and definition.params is None
    return lasts and definition.cached_result is not None


def _is_known(definition: Any) -> bool:
    module = str(getattr(definition.func, "__module__", ""))
    # set-up functions and methods of a team's are fixtures that pytest itself defines
    teams = definition.argname.lstrip("_").startswith(("xunit_", "unittest_"))
    return module.partition(".")[0] in {"_pytest", "harness"} and not teams


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
