"""The order of tests that share stacks."""

from __future__ import annotations

from harness.plan.ordering import Place, order_tests


def ordered(*places: tuple[str, str | None]) -> str:
    """Return the names of tests in their order; each has a holder and what it shares."""
    made = [Place(holder.partition("::")[0], holder, shares) for holder, shares in places]
    return "".join("abcdefgh"[i] for i in order_tests(made))


def test_tests_of_one_stack_come_together_in_the_order_of_their_first() -> None:
    assert ordered(("m", "x"), ("m", "y"), ("m", "x"), ("m", "y")) == "acbd"


def test_one_that_shares_nothing_stays_behind_the_one_before_it() -> None:
    assert ordered(("m", "x"), ("m", None), ("m", "y"), ("m", None), ("m", "x")) == "abecd"
    assert ordered(("m", None), ("m", None)) == "ab"


def test_modules_stay_whole_and_come_together() -> None:
    assert ordered(("m", "x"), ("n", "y"), ("o", "x"), ("o", "y")) == "acdb"


def test_classes_stay_whole() -> None:
    assert ordered(("m::A", "x"), ("m::A", "y"), ("m", "y"), ("m::B", "x")) == "abdc"


def test_what_pytest_has_ordered_by_a_parameter_stays() -> None:
    places = [Place("m", "m", shares, pinned=True) for shares in "xyxy"]
    assert order_tests(places) == [0, 1, 2, 3]


def test_no_tests() -> None:
    assert order_tests([]) == []
