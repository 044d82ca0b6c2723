from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import SettingError
from harness.plan.need import Mark, Need, need_from_marks

MARKERS = {"db": "db", "my_api": "my-api"}


def mark(name: str, *args: object, **kwargs: object) -> Mark:
    return SimpleNamespace(name=name, args=args, kwargs=kwargs)


def need(*marks: Mark) -> Need:
    return need_from_marks(marks, MARKERS)


def environment(of: Need) -> Mapping[str, Mapping[str, str]]:
    return {service: dict(variables) for service, variables in of.environment}


def test_a_marker_stands_for_its_service() -> None:
    assert need(mark("my_api"), mark("slow"), mark("parametrize", "x", [1])) == Need(
        frozenset({"my-api"})
    )


def test_any_service_can_be_named() -> None:
    assert need(mark("services", "a", "b.c"), mark("db")).services == {"a", "b.c", "db"}


def test_a_test_without_marks_needs_nothing() -> None:
    assert not need()
    assert not need(mark("slow"))
    assert need(mark("db"))


def test_an_environment_is_for_the_services_of_its_mark() -> None:
    of = need(mark("services", "a", "b", env={"X": "1"}), mark("db", env={"Y": 2, "Z": 1.5}))
    assert environment(of) == {
        "a": {"X": "1"},
        "b": {"X": "1"},
        "db": {"Y": "2", "Z": "1.5"},
    }


def test_the_closest_mark_has_the_last_word_on_a_variable() -> None:
    of = need(
        mark("db", env={"LEVEL": "function"}), mark("db", env={"LEVEL": "module", "ALSO": "1"})
    )
    assert environment(of) == {"db": {"LEVEL": "function", "ALSO": "1"}}


def test_services_that_may_die_are_named_by_marks_and_the_closest_one_wins() -> None:
    assert need(mark("services", "a", "b", may_die=True), mark("db")).may_die == {"a", "b"}
    assert not need(mark("db", may_die=False), mark("db", may_die=True)).may_die
    assert need(mark("db", may_die=True)).joined(["web"]).may_die == {"db"}


def test_equal_needs_are_equal_and_hash_alike() -> None:
    one = need(mark("services", "a", "b", env={"X": "1", "Y": "2"}))
    two = need(mark("services", "b", "a", env={"Y": "2", "X": "1"}))
    assert one == two
    assert hash(one) == hash(two)


def test_a_need_grows() -> None:
    grown = need(mark("db", env={"X": "1"})).joined(["web"])
    assert grown.services == {"db", "web"}
    assert environment(grown) == {"db": {"X": "1"}}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (mark("db", "web"), r'takes no positional argument, found \'web\'.*services\("db", …\)'),
        (mark("services"), "names no service"),
        (mark("services", 3), "takes names of services, found 3"),
        (mark("services", ["a"]), r"takes names of services, found \['a'\]"),
        (mark("db", may_die="yes"), "may_die must be True or False, found 'yes'"),
        (mark("db", envs={}), "unknown argument 'envs'"),
        (mark("db", env=["A=1"]), "env must be a mapping"),
        (mark("db", env={"A=": "1"}), "'A=' is no variable's name"),
        (mark("db", env={"": "1"}), "'' is no variable's name"),
        (mark("db", env={1: "1"}), "1 is no variable's name"),
        (mark("db", env={"A": True}), r"env\['A'\] must be text or a number, found True"),
        (mark("db", env={"A": None}), r"env\['A'\] must be text or a number, found None"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(wrong: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        need(wrong)
