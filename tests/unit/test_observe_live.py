"""What is under way, and how a line shows it."""

from __future__ import annotations

from typing import Any

import pytest

from harness.observe.event import Event, Kind
from harness.observe.live import Live, drawn
from harness.observe.terminal import fitted

GRAPH = {"orders": {"depends_on": {"postgres": "service_healthy"}}, "postgres": {}}


def began(kind: Kind, at: float, **where: Any) -> Event:
    data = {name: where.pop(name) for name in [*where] if name not in {"stack", "service", "test"}}
    return Event(kind, at, begins=True, data=data, **where)


def ended(event: Event, at: float) -> Event:
    return Event(
        event.kind, at, at - event.at, False, "", event.stack, event.service, event.test, event.data
    )


def live(*events: Event) -> Live:
    made = Live()
    for event in events:
        made.take(event, holds=event.kind in {Kind.TEST_LEASE, Kind.RUN_PHASE})
    return made


def line(of: Live, now: float, width: int = 100) -> str:
    doing = of.doing(now)
    return "" if doing is None else drawn(doing, width, False)


LEASE = began(Kind.TEST_LEASE, 0, test="test_a.py::test_it")
WAITING = (
    Event(Kind.PROJECT, 0, data={"services": GRAPH}),
    LEASE,
    began(Kind.STACK_CREATE, 0, stack="s", services=["postgres", "orders"]),
    began(Kind.SERVICE_WAIT, 1, stack="s", service="postgres", container="c"),
    Event(
        Kind.SERVICE_LOOK,
        2,
        stack="s",
        service="postgres",
        data={"probe": "health check `pg_isready -q`", "saw": "connection refused"},
    ),
)


def test_a_line_says_who_waits_for_whom_for_how_long_and_what_was_seen_last() -> None:
    assert line(live(*WAITING), 4.2) == (
        "orders: waiting for postgres (health check, 3.2 s, last: connection refused)"
    )


def test_what_has_lasted_less_than_a_second_is_not_shown() -> None:
    assert line(live(*WAITING), 0.9) == ""


def test_what_nobody_waits_for_is_not_shown() -> None:
    assert line(live(*(e for e in WAITING if e is not LEASE)), 60) == ""
    assert line(live(*WAITING, ended(LEASE, 5)), 60) == ""


def test_a_wait_begins_with_nothing_seen() -> None:
    again = (ended(WAITING[3], 5), began(Kind.SERVICE_WAIT, 6, stack="s", service="postgres"))
    assert line(live(*WAITING, *again), 8) == "orders: waiting for postgres (2.0 s)"


def test_other_services_that_are_waited_for_are_named() -> None:
    more = [began(Kind.SERVICE_WAIT, 2, stack="s", service=name) for name in ("redis", "broker")]
    assert line(live(*WAITING, *more), 4).endswith(") and broker, redis")


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (began(Kind.STACK_CREATE, 1, stack="s", services=["db"]), "creating db (2.0 s)"),
        (began(Kind.SERVICE_START, 1, stack="s", service="db"), "starting db (2.0 s)"),
        (began(Kind.STACK_RESET, 1, stack="s", services=["db"]), "resetting db (2.0 s)"),
        (began(Kind.IMAGE_PULL, 1, services=["db"]), "pulling db 2.0 s"),
        (began(Kind.STACK_REMOVE, 1, stack="s"), "test_a.py::test_it waits for its services (3.0"),
    ],
)
def test_what_is_done_meanwhile_is_said(event: Event, shown: str) -> None:
    assert line(live(LEASE, event), 3).startswith(shown)


def test_a_phase_of_the_run_is_named() -> None:
    assert line(live(began(Kind.RUN_PHASE, 0, name="sweep")), 2) == "harness: sweep (2.0 s)"


def progress(**data: Any) -> Live:
    build = began(Kind.IMAGE_BUILD, 0, services=["orders"])
    return live(LEASE, build, Event(Kind.IMAGE_PROGRESS, 1, data=data))


def test_a_build_and_a_pull_have_a_bar_with_what_is_done_of_them() -> None:
    steps = progress(done=3, total=6, unit="steps", text="RUN make")
    assert line(steps, 2, width=40) == "building orders ━━━━━╌╌╌╌╌ 3/6 2.0 s RUN make"
    assert "12.3 MB of 40.0 MB" in line(progress(done=12_345_678, total=4e7, unit="bytes"), 2)


def test_a_narrow_terminal_has_figures_and_no_bar() -> None:
    steps = progress(done=3, total=6, unit="steps", text="RUN make")
    assert line(steps, 2, width=30) == "building orders 3/6 2.0 s RUN make"


def test_a_terminal_without_such_characters_has_a_bar_of_others() -> None:
    doing = progress(done=1, total=2, unit="steps", text="").doing(2)
    assert doing is not None
    assert drawn(doing, 40, True) == "building orders #####..... 1/2 2.0 s"


def test_a_line_is_one_line_whatever_a_service_has_said() -> None:
    assert fitted("a\nb\x1b[2Jc\td", 80) == "a b [2Jc d"
    assert fitted("waiting for postgres", 12) == "waiting for…"
    assert fitted("データベース", 7) == "データ…"
    assert fitted("waiting", 5, "") == "waiti"
