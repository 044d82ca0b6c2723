"""How long each service of a test lives, and so which stack it stands in.

A service lives as long as the widest fixture that uses it, or as its isolation says, whichever
is longer; what it depends on lives at least as long. Services of one test with the same life
stand in one stack: a *tier*. A test's fresh services are a tier of their own, to which the
longer-lived ones are connected under their names.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from harness.model.isolation import Isolation
from harness.plan.need import Environment, Need


class Life(IntEnum):
    """How long a service lives; a longer life is a larger number."""

    TEST = 0
    CLASS = 1
    MODULE = 2
    SESSION = 3
    RUN = 4

    @property
    def scope(self) -> str:
        """The scope of a fixture that lives as long (a run is all sessions of xdist's workers)."""
        return _SCOPES[self]


_SCOPES = {
    Life.TEST: "function",
    Life.CLASS: "class",
    Life.MODULE: "module",
    Life.SESSION: "session",
    Life.RUN: "session",
}
_LIVES = {scope: life for life, scope in _SCOPES.items() if life is not Life.RUN}
_LIFE_OF = {
    Isolation.FRESH: Life.TEST,
    Isolation.RESET: Life.SESSION,
    Isolation.SHARED: Life.RUN,
}


def life_of_scope(scope: str) -> Life:
    """Return the life of a fixture's scope; what a package's fixture uses lives for the session."""
    return _LIVES.get(scope, Life.SESSION)


Graph = Mapping[str, Collection[str]]
"""For each service, those that it depends on."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides about lives, besides the test itself.

    Attributes:
        isolation: The run's.
        declared: What services declare for themselves (``x-harness: {isolation: …}``).
    """

    isolation: Isolation = Isolation.FRESH
    declared: Mapping[str, Isolation] = field(default_factory=dict)

    def of(self, service: str, need: Need) -> Isolation:
        """Return a service's isolation in a test.

        A marker that names the service comes first, then what the service declares, then the
        test's own choice, then the run's.
        """
        named = dict(need.isolations).get(service)
        return named or self.declared.get(service) or need.isolation or self.isolation


@dataclass(frozen=True, slots=True)
class Bounds:
    """How fixtures of a wider scope bind a test's services.

    Attributes:
        lives: How long each service that such a fixture uses lives at least.
        nodes: The ids of the test's class and module, by the life that ends with each.
    """

    lives: Mapping[str, Life] = field(default_factory=dict)
    nodes: Mapping[Life, str] = field(default_factory=dict)

    @property
    def key(self) -> Hashable:
        """What equal bounds have in common."""
        if not self.lives:
            return None
        return tuple(sorted(self.lives.items())), tuple(sorted(self.nodes.items()))


@dataclass(frozen=True, slots=True)
class Tier:
    """The services of a test that live equally long.

    Attributes:
        life: How long.
        node: The class or module whose end is theirs; ``""`` for the other lives.
        services: Their names, dependencies first.
        named: Those that the test names, or that its other tiers need: they may not fail.
        environment: What the test gives to them and to what they depend on.
        resets: Those whose state is put back before the next test.
    """

    life: Life
    node: str
    services: tuple[str, ...]
    named: frozenset[str]
    environment: Environment = ()
    resets: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[Life, str, Environment]:
        """What two tests have in common that share this tier's stack."""
        return self.life, self.node, self.environment


def raised(lives: Mapping[str, Life], order: Sequence[str], graph: Graph) -> dict[str, Life]:
    """Return the lives, with what a service depends on living at least as long as itself.

    Args:
        lives: For each service of the closure, how long it is to live for its own sake.
        order: The closure, dependencies first.
        graph: What each depends on.
    """
    found = {name: lives.get(name, Life.TEST) for name in order}
    for name in reversed(order):
        for dependency in graph.get(name, ()):
            if dependency in found:
                found[dependency] = max(found[dependency], found[name])
    return found


def tiers(
    order: Sequence[str],
    graph: Graph,
    need: Need,
    rules: Rules,
    bounds: Bounds,
    placed: Mapping[str, Life] | None = None,
) -> tuple[Tier, ...]:
    """Return the tiers of a test, each after those that its services depend on.

    Args:
        order: The closure of what the test needs, dependencies first.
        graph: What each service depends on.
        need: The test's need.
        rules: The run's isolation, and the services' own.
        bounds: What fixtures of a wider scope ask for.
        placed: The services that are up already for this test; they stay where they are, and
            none that depends on them outlives them.
    """
    isolation = {name: rules.of(name, need) for name in order}
    wanted = {
        name: max(_LIFE_OF[isolation[name]], bounds.lives.get(name, Life.TEST)) for name in order
    }
    lives = raised(wanted, order, graph)
    environments = _environments(order, graph, need)
    for name in order:
        below = [lives[d] for d in graph.get(name, ()) if d in lives]
        lives[name] = (placed or {}).get(name, min([lives[name], *below]))
    groups: dict[tuple[Life, Environment], list[str]] = {}
    for name in order:
        life = lives[name]
        environment = need.environment if life is Life.TEST else environments[name]
        groups.setdefault((life, environment), []).append(name)
    return tuple(
        Tier(
            life,
            bounds.nodes.get(life, ""),
            tuple(names),
            _named(names, order, graph, need),
            environment,
            frozenset(n for n in names if isolation[n] is Isolation.RESET and _resettable(life)),
        )
        for (life, environment), names in sorted(groups.items(), key=_longest_first)
    )


def _named(names: Sequence[str], order: Sequence[str], graph: Graph, need: Need) -> frozenset[str]:
    """Return those of a tier's services that the test names, or that its other tiers use."""
    own = frozenset(names)
    used = {d for name in order if name not in own for d in graph.get(name, ())}
    return own & (need.services | used)


def _resettable(life: Life) -> bool:
    """Whether state can be put back: others use what lives for the run, nobody what is new."""
    return Life.TEST < life < Life.RUN


def _longest_first(group: tuple[tuple[Life, Environment], list[str]]) -> tuple[int, int, str]:
    """Order tiers: what a service depends on lives longer, or shares a part of its environment."""
    (life, environment), _ = group
    return -life, len(environment), str(environment)


def _environments(order: Sequence[str], graph: Graph, need: Need) -> dict[str, Environment]:
    """Return, for each service, what the test gives to it and to all that it depends on."""
    own = dict(need.environment)
    reached: dict[str, frozenset[str]] = {}
    for name in order:
        below = [reached[d] for d in graph.get(name, ()) if d in reached]
        reached[name] = frozenset({name} & own.keys()).union(*below)
    return {
        name: tuple((s, own[s]) for s in sorted(services)) for name, services in reached.items()
    }


def closure_of(names: Iterable[str], graph: Graph) -> list[str]:
    """Return services and all that they reach, dependencies first.

    What the graph does not know is left out.
    """
    order: dict[str, None] = {}
    entered: set[str] = set()
    pending = [(name, False) for name in sorted({*names}, reverse=True)]
    while pending:
        name, done = pending.pop()
        if done:
            order[name] = None
        elif name not in entered and name in graph:
            entered.add(name)
            pending.append((name, True))
            pending += [(d, False) for d in sorted(graph[name], reverse=True)]
    return [*order]


Uses = Mapping[Hashable, tuple[Life, Collection[str]]]
"""For each wider fixture of a test, how long it lives and the services that it uses."""


def bound_lives(tests: Sequence[Uses], graph: Graph) -> list[dict[str, Life]]:
    """Return, for each test, how long the services live that its wider fixtures use.

    A fixture that several tests use must find the same services in each, so what one test makes
    live longer lives longer in all tests of that fixture.

    Args:
        tests: The wider fixtures of each test.
        graph: What each service depends on.
    """
    lives: dict[Hashable, dict[str, Life]] = {}
    for uses in tests:
        for fixture, (life, services) in uses.items():
            lives[fixture] = dict.fromkeys(services, life)
    while True:
        found, changed = [], False
        for uses in tests:
            own: dict[str, Life] = {}
            for fixture in uses:
                for service, life in lives[fixture].items():
                    own[service] = max(life, own.get(service, Life.TEST))
            order = closure_of(own, graph)
            own = {**own, **raised(own, order, graph)}
            found.append(own)
            for fixture in uses:
                for service, life in lives[fixture].items():
                    if own[service] > life:
                        lives[fixture][service] = own[service]
                        changed = True
        if not changed:
            return found
