"""The verdict on a test's services."""

from __future__ import annotations

from typing import Any

from harness.observe.event import Event, Kind
from harness.observe.incidents import Incident, What
from harness.observe.lines import Line
from harness.observe.verdict import bad_answers, ready_times, still_starting, verdict

SPAN = (10.0, 20.0)


def incident(what: What, service: str, at: float, code: int | None = 1) -> Incident:
    return Incident(what, "stack", service, f"{service}-id", at, code)


def wait(service: str, at: float, *, begins: bool = False, **data: Any) -> Event:
    data = {"container": f"{service}-id", **data}
    return Event(Kind.SERVICE_WAIT, at, begins=begins, stack="s", service=service, data=data)


def answered(status: int, at: float, path: str = "/products") -> Line:
    return Line(at, "catalog", f'10.0.0.1 - - [x] "GET {path} HTTP/1.1" {status} 9')


def test_a_death_comes_before_a_restart_and_both_before_answers() -> None:
    told = verdict(
        [incident(What.RESTART, "cache", 11.0), incident(What.EXIT, "orders", 16.9)],
        ["db"],
        ["catalog answered 500 twice during this test"],
        20.0,
        "the assertion",
    )

    assert told == [
        "orders died (exit 1) 3.1 s before the assertion",
        "cache died (exit 1) and was restarted 9.0 s before the assertion",
        "db was still starting",
        "catalog answered 500 twice during this test",
    ]


def test_what_died_is_not_said_to_start() -> None:
    assert verdict([incident(What.EXIT, "db", 11.0)], ["db"], [], 20.0, "the failure") == [
        "db died (exit 1) 9.0 s before the failure"
    ]


def test_a_removal_is_told_by_who_looks_for_it() -> None:
    assert not verdict([incident(What.REMOVED, "db", 11.0, None)], [], [], 20.0, "the failure")


def test_answers_are_counted_in_words_with_their_request() -> None:
    four = [answered(500, 11.0 + i) for i in range(4)]

    assert bad_answers(four, {}, SPAN) == [
        "catalog answered 500 four times during this test (GET /products)"
    ]
    assert bad_answers([*four[:2], answered(503, 15.0, "/x")], {}, SPAN) == [
        "catalog answered 500 twice and 503 once during this test"
    ]
    assert bad_answers(four[:1] * 30, {}, SPAN)[0].startswith("catalog answered 500 30 times")


def test_an_answer_whose_line_is_stamped_just_after_the_failure_counts() -> None:
    assert bad_answers([answered(500, 19.99), answered(500, 20.05)], {}, SPAN) == [
        "catalog answered 500 twice during this test (GET /products)"
    ]


def test_only_a_servers_errors_of_this_test_count() -> None:
    outside = [answered(500, 9.0), answered(500, 21.0), answered(404, 15.0), answered(200, 15.0)]

    assert not bad_answers(outside, {}, SPAN)
    assert not bad_answers([answered(503, 12.0)], {"catalog": 13.0}, SPAN), "it was starting"


def test_what_is_waited_for_when_the_test_fails_is_still_starting() -> None:
    restarted = [wait("db", 5.0), wait("db", 15.0, begins=True)]

    assert still_starting(restarted, [], {"db-id"}, {"db": 5.0}, SPAN) == ["db"]
    assert not still_starting([*restarted, wait("db", 18.0)], [], {"db-id"}, {"db": 5.0}, SPAN)
    assert not still_starting(restarted, [], {"other"}, {}, SPAN)


def test_a_database_that_says_so_is_still_starting_unless_it_was_not_ready_yet() -> None:
    said = [Line(15.0, "db", "FATAL:  the database system is starting up")]

    assert still_starting([], said, {"db-id"}, {"db": 11.0}, SPAN) == ["db"]
    assert not still_starting([], said, {"db-id"}, {"db": 16.0}, SPAN)
    assert not still_starting([], said, {"db-id"}, {}, SPAN)


def test_a_service_is_ready_when_its_first_wait_ended_well() -> None:
    events = [wait("db", 1.0, begins=True), wait("db", 2.0), wait("db", 9.0)]
    events += [wait("app", 3.0, error="exited"), wait("other", 1.0)]

    assert ready_times(events, {"db-id": "db-1", "app-id": "app"}) == {"db-1": 2.0}
