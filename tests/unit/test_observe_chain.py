"""Who waited for whom when a start failed."""

from __future__ import annotations

from typing import Any

from harness.observe.chain import Failed, chain, failed_service
from harness.observe.event import Event, Kind

STACK = "harness-r1-4-1"
ERROR = "service 'postgres' was not ready after 1 s: last seen: connection refused"
HEALTHY = "service_healthy"
PROJECT = Event(
    Kind.PROJECT,
    0.0,
    data={
        "services": {
            "orders": {"depends_on": {"catalog": HEALTHY, "redis": "service_started"}},
            "catalog": {"depends_on": {"postgres": HEALTHY}},
            "redis": {},
            "postgres": {},
        }
    },
)


def told(kind: Kind, service: str, at: float = 1.0, *, begins: bool = False, **data: Any) -> Event:
    data = {"container": f"{service}-id", **data}
    return Event(kind, at, 0.4, begins=begins, stack=STACK, service=service, data=data)


def failed(service: str, error: str = ERROR, error_class: str = "ServiceNotReadyError") -> Event:
    return told(Kind.SERVICE_WAIT, service, error=error, error_class=error_class)


def look(service: str, saw: str) -> Event:
    return told(Kind.SERVICE_LOOK, service, probe="port 80/tcp", saw=saw)


def test_what_failed_is_the_one_whose_error_was_raised() -> None:
    events = [
        failed("cache", "cancelled", "Cancelled"),
        failed("other", "something else"),
        failed("postgres"),
    ]

    assert failed_service(events, {STACK}, ERROR) == Failed("postgres", "postgres-id", STACK)
    assert failed_service(events[:1], {STACK}, ERROR) is None
    assert failed_service(events, {"another"}, ERROR) is None


def test_an_error_that_was_put_into_other_words_is_of_the_first_that_failed() -> None:
    found = failed_service([failed("a", "in use"), failed("b", "x")], {STACK}, "port taken: in use")

    assert found is not None
    assert found.service == "a"


def test_the_chain_goes_from_the_test_to_what_failed() -> None:
    events = [
        PROJECT,
        look("postgres", "connection refused"),
        told(Kind.SERVICE_WAIT, "redis"),
        failed("postgres"),
    ]

    assert chain(events, {"orders"}, Failed("postgres", "", STACK), ERROR) == [
        "the test wants orders",
        "  orders waits for catalog (service_healthy)",
        "    catalog waits for postgres (service_healthy)",
        "      postgres failed, as told above",
        "ready by then: redis (in 0.4 s)",
    ]


def test_what_was_probed_is_told_where_the_error_does_not() -> None:
    events = [PROJECT, look("postgres", "connection refused"), look("postgres", "no answer")]

    lines = chain(events, {"postgres"}, Failed("postgres", "", STACK), "exited with code 3")

    assert lines == [
        "the test wants postgres",
        "  postgres failed: waited for port 80/tcp, last seen: no answer",
    ]


def test_what_else_was_waited_for_is_told() -> None:
    events = [
        PROJECT,
        told(Kind.SERVICE_WAIT, "redis", begins=True),
        look("redis", "connection refused"),
        failed("postgres"),
        failed("redis", "", "Cancelled"),
    ]

    lines = chain(events, {"orders"}, Failed("postgres", "", STACK), ERROR)

    assert lines[-1] == "redis was waited for, too: port 80/tcp, last seen: connection refused"


def test_a_service_that_nobody_is_known_to_want_is_told_alone() -> None:
    assert chain([PROJECT], {"redis"}, Failed("postgres", "", STACK), ERROR) == [
        "postgres failed, as told above"
    ]
