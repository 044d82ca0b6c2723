"""A report's page, as text: what it holds, that nothing in it acts, and its drawing."""

from __future__ import annotations

import random
import re
from itertools import combinations

from harness.observe.event import Event, Kind
from harness.observe.report.build import report_of
from harness.observe.report.graph import HEIGHT, WIDTH, Graph, graph_of
from harness.observe.report.logs import limited
from harness.observe.report.model import CriticalPath, ServiceTold
from harness.observe.report.page import LIMIT, duration, html
from tests.observe import synthetic
from tests.observe.pages import unpacked


def service(name: str, **depends_on: str) -> ServiceTold:
    return ServiceTold(name, "", "", False, (), (), depends_on, 1, 0, None, 0, (), False)


def graph(**needs: str) -> Graph:
    """Return the drawing of services, for each the names of those that it needs."""
    told = [
        service(name, **dict.fromkeys(others.split(), "service_healthy"))
        for name, others in needs.items()
    ]
    return graph_of(told, CriticalPath(("a", "b")))


def test_a_page_needs_nothing_else() -> None:
    page = html(report_of(synthetic.journal(4, 10)))

    assert not re.findall(r"""<[^>]*(?:src|href)=["']?(?!#)[^"'\s>]+""", page)
    assert "default-src 'none'" in page
    assert "@import" not in page
    assert "url(" not in page


def test_what_services_wrote_is_in_the_page_only_packed_or_escaped() -> None:
    page = html(report_of(synthetic.journal(40, 40)))

    assert page.count("<script") == page.count("</script>") == 3
    assert "<img" not in page
    assert synthetic.HOSTILE not in page
    assert "&lt;/script&gt;&lt;script&gt;window.owned" in page  # the warning, as text
    assert any(synthetic.HOSTILE in line for line in unpacked(page, "log")["text"].split("\n"))


def test_a_line_of_several_lines_is_one_line() -> None:
    rows = [[1.0, "db", "one\r\ntwo\u2028three", ""], [1.0, "db", "next", ""]]
    events = [
        Event(Kind.TEST_BEGIN, 1, test="test_it"),
        Event(Kind.TEST_LOG, 2, test="test_it", data={"lines": rows}),
    ]

    text = unpacked(html(report_of(events)), "log")["text"]

    assert text.split("\n") == ["one two three", "next"]


def test_a_run_without_any_test_is_drawn_as_well() -> None:
    page = html(report_of([Event(Kind.RUN_BEGIN, 1.0, data={"project": "empty"})]))

    assert "no test needed a service" in page
    assert unpacked(page, "data")["tests"] == []
    assert "No run" in html(report_of([]))


def test_two_thousand_tests_with_a_hundred_thousand_lines_stay_below_five_megabytes() -> None:
    report = report_of(synthetic.journal(2_000, 50, workers=4))
    assert len(report.lines) == 100_000

    assert len(html(report).encode()) < 5_000_000


def test_what_would_be_too_large_is_left_out_and_tests_that_failed_keep_their_logs() -> None:
    rows = [[1.0, "db", f"{number} " + "word " * 9, ""] for number in range(100)]
    events = [Event(Kind.RUN_BEGIN, 0.5)]
    for name, outcome in (("test_one", "passed"), ("test_two", "failed")):
        events.append(Event(Kind.TEST_BEGIN, 1, test=name))
        own = [[at, service, f"{name} {text}", mark] for at, service, text, mark in rows]
        events.append(Event(Kind.TEST_LOG, 2, test=name, data={"lines": own, "cut": 1}))
        events.append(Event(Kind.TEST_END, 2, test=name, data={"outcome": outcome}))
    whole = report_of(events)

    shown = limited(whole, sum(len(line.text) for line in whole.lines) // 2 + 100)

    assert [(test.log, test.cut) for test in shown.tests] == [((), 101), (((0, 100),), 1)]
    assert {line.text.split()[0] for line in shown.lines} == {"test_two"}


def test_a_page_has_no_more_of_the_logs_than_it_has_room_for() -> None:
    noise = random.Random(1)
    rows = [[float(n), "db", noise.randbytes(60).hex(), ""] for n in range(1000)]
    events = []
    for name, own in (("test_one", rows[:200]), ("test_two", rows[200:])):
        events.append(Event(Kind.TEST_BEGIN, 1, test=name))
        events.append(Event(Kind.TEST_LOG, 2, test=name, data={"lines": own}))

    page = html(report_of(events), limit=60_000)

    one, two = unpacked(page, "data")["tests"]
    assert one["log"] == [0, 200]
    assert two["cut"] == 800
    assert LIMIT < 5_000_000


def test_services_stand_right_of_what_they_depend_on_and_none_on_another() -> None:
    drawn = graph(a="", b="a", c="a b", d="", e="d c")

    at = {node.service.name: (node.x, node.y) for node in drawn.nodes}
    assert at["a"][0] < at["b"][0] < at["c"][0] < at["e"][0]
    for (x, y), (other_x, other_y) in combinations(at.values(), 2):
        assert abs(x - other_x) >= WIDTH or abs(y - other_y) >= HEIGHT
    assert all(x + WIDTH <= drawn.width and y + HEIGHT <= drawn.height for x, y in at.values())


def test_every_dependency_is_a_line_and_the_critical_ones_are_marked() -> None:
    drawn = graph(a="", b="a", c="a b nobody")

    found = {(edge.source, edge.target): edge.critical for edge in drawn.edges}
    assert found == {("a", "b"): True, ("a", "c"): False, ("b", "c"): False}


def test_lines_do_not_cross_where_they_need_not() -> None:
    drawn = graph(a="", b="", c="b", d="a")

    at = {node.service.name: node.y for node in drawn.nodes}
    assert (at["a"] < at["b"]) == (at["d"] < at["c"])


def test_a_circle_is_drawn_somehow() -> None:
    assert len(graph(a="b", b="a").nodes) == 2


def test_durations_are_told_as_people_say_them() -> None:
    told = [duration(s) for s in (0, 0.04, 0.0996, 3.21, 59.94, 59.96, 125, 3599.6, 3720)]

    assert told == [
        "0 ms", "40 ms", "0.1 s", "3.2 s", "59.9 s", "1 min 0 s", "2 min 5 s", "1 h 0 min",
        "1 h 2 min",
    ]  # fmt: skip
