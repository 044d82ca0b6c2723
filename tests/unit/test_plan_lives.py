"""How long services live, and which tiers they make."""

from __future__ import annotations

import pytest

from harness.model.isolation import Isolation
from harness.plan.lives import (
    Bounds,
    Life,
    Rules,
    Uses,
    bound_lives,
    closure_of,
    life_of_scope,
    raised,
    tiers,
)
from harness.plan.need import Need

FRESH, RESET, SHARED = Isolation.FRESH, Isolation.RESET, Isolation.SHARED
# front → app → db, and mail beside them
GRAPH = {"front": ["app"], "app": ["db"], "db": [], "mail": []}
CHAIN = ["db", "app", "front"]


def shape(
    need: Need, rules: Rules | None = None, bounds: Bounds | None = None, **placed: Life
) -> list[tuple[Life, tuple[str, ...]]]:
    """Return the life and the services of each tier."""
    order = closure_of(need.services, GRAPH)
    found = tiers(order, GRAPH, need, rules or Rules(), bounds or Bounds(), placed)
    return [(tier.life, tier.services) for tier in found]


def need(*names: str, **isolations: Isolation) -> Need:
    return Need(frozenset(names), isolations=tuple(sorted(isolations.items())))


@pytest.mark.parametrize(
    ("named", "declared", "test", "run", "found"),
    [
        (FRESH, SHARED, RESET, RESET, FRESH),
        (None, SHARED, FRESH, RESET, SHARED),
        (None, None, SHARED, RESET, SHARED),
        (None, None, None, RESET, RESET),
    ],
)
def test_the_nearest_choice_of_an_isolation_wins(
    named: Isolation | None,
    declared: Isolation | None,
    test: Isolation | None,
    run: Isolation,
    found: Isolation,
) -> None:
    rules = Rules(run, {"db": declared} if declared else {})
    named_for = (("db", named),) if named else ()
    assert rules.of("db", Need(frozenset({"db"}), (), test, named_for)) is found


def test_without_any_choice_it_is_fresh() -> None:
    assert Rules().of("db", Need()) is FRESH


def test_each_scope_has_a_life_and_a_package_lasts_for_the_session() -> None:
    scopes = ["function", "class", "module", "package", "session"]
    lives = [life_of_scope(scope) for scope in scopes]
    assert lives == [Life.TEST, Life.CLASS, Life.MODULE, Life.SESSION, Life.SESSION]
    assert Life.RUN.scope == "session"


def test_what_a_service_depends_on_lives_at_least_as_long() -> None:
    assert raised({"front": Life.MODULE, "db": Life.CLASS}, CHAIN, GRAPH) == dict.fromkeys(
        CHAIN, Life.MODULE
    )
    found = raised({"db": Life.RUN}, CHAIN, GRAPH)
    assert found == {"db": Life.RUN, "app": Life.TEST, "front": Life.TEST}


def test_the_closure_has_dependencies_first_and_leaves_out_the_unknown() -> None:
    assert closure_of(["front", "mail", "nobody"], GRAPH) == ["db", "app", "front", "mail"]
    assert closure_of(["a"], {"a": ["b"], "b": ["a"]}) == ["b", "a"]


@pytest.mark.parametrize(
    ("isolation", "life"), [(FRESH, Life.TEST), (RESET, Life.SESSION), (SHARED, Life.RUN)]
)
def test_one_isolation_makes_one_tier(isolation: Isolation, life: Life) -> None:
    assert shape(need("front"), Rules(isolation)) == [(life, ("db", "app", "front"))]


def test_longer_lives_come_first_and_take_their_dependencies_with_them() -> None:
    assert shape(need("front"), Rules(FRESH, {"app": SHARED})) == [
        (Life.RUN, ("db", "app")),
        (Life.TEST, ("front",)),
    ]
    assert shape(need("front", front=FRESH, app=RESET), Rules(FRESH, {"db": SHARED})) == [
        (Life.RUN, ("db",)),
        (Life.SESSION, ("app",)),
        (Life.TEST, ("front",)),
    ]


def test_a_wider_fixture_has_its_services_live_longer() -> None:
    bounds = Bounds({"db": Life.MODULE}, {Life.MODULE: "test_a.py"})
    wanted = need("front")
    found = tiers(CHAIN, GRAPH, wanted, Rules(), bounds)
    assert [(t.life, t.node, t.services) for t in found] == [
        (Life.MODULE, "test_a.py", ("db",)),
        (Life.TEST, "", ("app", "front")),
    ]
    assert shape(wanted, Rules(SHARED), bounds) == [(Life.RUN, ("db", "app", "front"))]


def test_state_is_put_back_only_of_what_outlives_the_test_and_is_no_others() -> None:
    def resets(isolation: Isolation, life: Life, declared: Isolation) -> list[frozenset[str]]:
        rules = Rules(isolation, {"front": declared})
        return [t.resets for t in tiers(CHAIN, GRAPH, need("front"), rules, Bounds({"db": life}))]

    assert resets(RESET, Life.TEST, RESET) == [frozenset(CHAIN)]
    assert resets(FRESH, Life.SESSION, FRESH) == [frozenset(), frozenset()]
    assert resets(RESET, Life.TEST, SHARED) == [frozenset()]


def test_a_tier_names_what_the_test_names_and_what_its_other_tiers_use() -> None:
    rules = Rules(FRESH, {"app": SHARED})
    first, second = tiers(CHAIN, GRAPH, need("front"), rules, Bounds())
    assert (first.named, second.named) == (frozenset({"app"}), frozenset({"front"}))


def test_an_environment_divides_a_service_and_its_dependents_from_the_rest() -> None:
    other = (("app", (("A", "1"),)),)
    wanted = Need(frozenset({"front"}), other)
    found = tiers(CHAIN, GRAPH, wanted, Rules(SHARED), Bounds())
    assert [(t.services, t.environment) for t in found] == [
        (("db",), ()),
        (("app", "front"), other),
    ]
    plain = tiers(CHAIN, GRAPH, need("front"), Rules(SHARED), Bounds())
    assert found[0].key == plain[0].key
    assert found[1].key != plain[0].key


def test_an_environment_does_not_divide_what_is_fresh() -> None:
    environment = (("app", (("A", "1"),)),)
    found = tiers(CHAIN, GRAPH, Need(frozenset({"front"}), environment), Rules(), Bounds())
    assert [(t.services, t.environment) for t in found] == [(("db", "app", "front"), environment)]


def test_what_is_up_stays_where_it_is_and_what_joins_does_not_outlive_it() -> None:
    assert shape(need("front"), Rules(SHARED), None, db=Life.TEST) == [
        (Life.TEST, ("db", "app", "front"))
    ]
    assert shape(need("front"), Rules(), None, db=Life.RUN) == [
        (Life.RUN, ("db",)),
        (Life.TEST, ("app", "front")),
    ]


def test_a_fixture_of_several_tests_finds_the_same_services_in_each() -> None:
    # the first test's session fixture makes db live for the session, so also where only a
    # module's fixture uses it, and in the tests of that fixture that do not use the first
    tests: list[Uses] = [
        {"schema": (Life.SESSION, {"db"}), "rows": (Life.MODULE, {"db", "app"})},
        {"rows": (Life.MODULE, {"db", "app"})},
        {"mails": (Life.CLASS, {"mail"})},
        {},
    ]
    rows = {"db": Life.SESSION, "app": Life.MODULE}
    assert bound_lives(tests, GRAPH) == [rows, rows, {"mail": Life.CLASS}, {}]


def test_a_wider_fixtures_services_take_what_they_depend_on_with_them() -> None:
    (found,) = bound_lives([{"site": (Life.MODULE, {"front"})}], GRAPH)
    assert found == dict.fromkeys(CHAIN, Life.MODULE)
