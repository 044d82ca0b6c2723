"""Fixtures of a wider scope that use services: what they make of the tests that use them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.bridge import see_definitions, use_definition, wider_users, with_scope
from harness.plan.lives import Bounds, Graph, Life, bound_lives, life_of_scope
from harness.service import NEED_ATTRIBUTE

if TYPE_CHECKING:
    import pytest


def service_of_definition(definition: Any) -> str:
    """Return the service that a definition is the fixture of, or ``""``."""
    return getattr(definition.func, NEED_ATTRIBUTE, "")


class WiderFixtures:
    """Which services of a test live longer than it, because of its fixtures.

    A service's fixture takes the scope of the widest fixture that uses it. pytest fixes a scope
    where a fixture is defined; so those tests get a definition of their own, with that scope.
    """

    def __init__(self, graph: Callable[[], Graph], attached: Collection[str] = ()) -> None:
        """Know of none yet.

        Args:
            graph: Gives the services' dependencies, as the compose files write them.
            attached: Services that the user starts, once: they live for the session, as if a
                fixture of its scope used them in every test.
        """
        self._graph = graph
        self._attached = dict.fromkeys(attached, Life.SESSION)
        self._lives: dict[int, Mapping[str, Life]] = {}
        self._uses: dict[Any, frozenset[str]] = {}
        self._variants: dict[tuple[Any, Life], Any] = {}

    def collected(self, items: Sequence[pytest.Item]) -> None:
        """Look at the fixtures of all collected tests, and set their scopes."""
        first = {id(info): item for item in items if (info := _info(item)) is not None}
        users = {key: wider_users(item, service_of_definition) for key, item in first.items()}
        users = {key: found for key, found in users.items() if found}
        if not users:
            return
        tests = [
            {d: (life_of_scope(d.scope), services) for d, services in found.items()}
            for found in users.values()
        ]
        for key, found, lives in zip(
            users, users.values(), bound_lives(tests, self._graph()), strict=True
        ):
            self._lives[key] = lives
            self._uses.update(found)
            self._widen(first[key], lives)
        for item in items:
            if id(_info(item)) in users:
                see_definitions(item)

    @property
    def any(self) -> bool:
        """Whether any fixture of a wider scope uses services."""
        return bool(self._uses)

    def uses(self, definition: Any) -> frozenset[str]:
        """Return the services that a team's own fixture of a wider scope uses."""
        return (
            frozenset()
            if service_of_definition(definition)
            else self._uses.get(definition, frozenset())
        )

    def bounds(self, item: pytest.Item) -> Bounds:
        """Return how long the services of a test live because of its fixtures."""
        lives = {**(self._lives.get(id(_info(item))) or {}), **self._attached}
        return Bounds(lives, {life: node(item, life) for life in _NODES}) if lives else _UNBOUND

    def _widen(self, item: pytest.Item, lives: Mapping[str, Life]) -> None:
        """Give the fixtures of services the scope that goes with their lives."""
        for definition in {d for ds in _info(item).name2fixturedefs.values() for d in ds}:
            life = lives.get(service_of_definition(definition), Life.TEST)
            if life > life_of_scope(definition.scope):
                variant = self._variants.get((definition, life))
                if variant is None:
                    variant = with_scope(definition, life.scope)
                    self._variants[definition, life] = variant
                use_definition(item, definition, variant)


_NODES = (Life.CLASS, Life.MODULE)
_UNBOUND = Bounds()


def node(item: pytest.Item, life: Life) -> str:
    """Return the id of a test's class or module; a test without a class stands for itself."""
    import pytest

    if life not in _NODES:
        return ""
    parent = item.getparent(pytest.Class if life is Life.CLASS else pytest.Module)
    return (parent or item).nodeid


def leaves_node(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Whether a test is the last one of its class or module."""
    import pytest

    return following is None or any(
        item.getparent(kind) is not following.getparent(kind)
        for kind in (pytest.Class, pytest.Module)
    )


def _info(item: pytest.Item) -> Any:
    return getattr(item, "_fixtureinfo", None)
