"""How the benchmark judges, and that its page and plot can be written."""

from __future__ import annotations

import xml.dom.minidom
from pathlib import Path

import pytest

from bench.bars import Line, Verdict, against
from bench.plot import svg
from bench.report import rewrite
from bench.sample import NotAvailableError, Sample, alternate
from bench.stats import Series

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"


def nothing(*_: object) -> None:
    """Neither clean nor say anything."""


def test_a_median_on_the_bar_meets_it() -> None:
    line = against("it", "", 1.5, Series.of([2, 3, 4]), Series.of([2, 2, 2]))

    assert line.verdict is Verdict.MET


def test_a_median_above_the_bar_misses_it() -> None:
    assert against("it", "", 1.4, Series.of([3]), Series.of([2])).verdict is Verdict.MISSED


def test_nothing_to_compare_with_is_no_measurement() -> None:
    line = against("it", "", 99, Series.of([3]), None, "the other cannot be installed")

    assert line.verdict is Verdict.NOT_MEASURED


@pytest.mark.parametrize(
    ("limit", "verdict"), [(1, Verdict.MISSED), (3, Verdict.NOT_MEASURED), (9, Verdict.MET)]
)
def test_a_bar_inside_the_spread_is_no_measurement(limit: float, verdict: Verdict) -> None:
    values = Series.of([2, 2.5, 3, 3.5, 4])

    assert Line("it", "", limit, values, needs_clear_spread=True).verdict is verdict


def test_contestants_take_turns_and_every_other_round_is_reversed() -> None:
    turns: list[str] = []

    def contestant(name: str) -> Sample:
        turns.append(name)
        return Sample(len(turns))

    measured = alternate(
        {"a": lambda: contestant("a"), "b": lambda: contestant("b")}, 2, nothing, nothing
    )

    assert turns == ["a", "b", "b", "a"]
    assert measured.took["a"].values == (1, 4)


def test_one_that_fails_is_out_with_its_reason_and_what_it_left_is_cleaned() -> None:
    cleaned: list[bool] = []

    def fails() -> Sample:
        raise RuntimeError("no such image")

    def lacks() -> Sample:
        raise NotAvailableError("not available: no --harness-ahead")

    ways = {"fails": fails, "lacks": lacks, "runs": lambda: Sample(1)}
    measured = alternate(ways, 2, lambda: cleaned.append(True), nothing)

    assert measured.took.keys() == {"runs"}
    assert measured.missing["fails"] == "failed: no such image"
    assert measured.missing["lacks"] == "not available: no --harness-ahead"
    assert cleaned == [True]


def test_the_page_has_a_place_for_the_numbers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text())

    rewrite(page, "first")
    rewrite(page, "second")

    assert "<!-- bench -->\nsecond\n<!-- /bench -->" in page.read_text()
    assert "first\n<!-- /bench -->" not in page.read_text()


def test_the_plot_is_a_picture_whatever_the_names() -> None:
    drawn = svg({"a < b": {"harness & co": Series.of([1, 2]), "bare": Series.of([0.5])}})

    assert len(xml.dom.minidom.parseString(drawn).getElementsByTagName("rect")) == 2
