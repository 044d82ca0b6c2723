"""What is shown of a long log."""

from __future__ import annotations

from harness.observe.lines import Line
from harness.observe.shorten import shortened


def lines(count: int) -> list[Line]:
    return [Line(float(i), "app", f"line {i}") for i in range(count)]


def places(count: int, anomaly: int | None, limit: int) -> list[int]:
    return [int(shown.line.at) for shown in shortened(lines(count), anomaly, limit)]


def test_a_short_log_is_shown_whole() -> None:
    assert places(10, None, 10) == [*range(10)]


def test_of_a_long_log_its_end_is_shown_and_how_much_is_missing() -> None:
    shown = shortened(lines(100), None, 10)

    assert [int(s.line.at) for s in shown] == [*range(90, 100)]
    assert shown[0].skipped == 90


def test_with_an_anomaly_what_stands_around_it_is_shown_too() -> None:
    shown = shortened(lines(100), 50, 10)

    assert [int(s.line.at) for s in shown] == [48, 49, 50, 51, 52, 53, 54, 97, 98, 99]
    assert [s.skipped for s in shown if s.skipped] == [48, 42]
    assert [s.line.text for s in shown if s.anomaly] == ["line 50"]


def test_as_many_lines_as_may_be_are_shown_wherever_the_anomaly_is() -> None:
    for anomaly in range(30):
        found = places(30, anomaly, 10)
        assert len(found) == len({*found}) == 10
        assert anomaly in found


def test_equal_lines_are_folded_but_the_anomaly_stands_by_itself() -> None:
    same = [Line(float(i), "app", "retry") for i in range(6)]

    shown = shortened(same, 4, 10)

    assert [(s.times, s.anomaly) for s in shown] == [(4, False), (2, True)]


def test_equal_lines_of_two_services_are_two() -> None:
    assert len(shortened([Line(1.0, "a", "x"), Line(2.0, "b", "x")], None, 10)) == 2
