"""The lines that stay: few of them."""

from __future__ import annotations

from typing import Any

import pytest

from harness.observe.event import Event, Kind
from harness.observe.remarks import Remark, Remarks


def told(lines: Remarks, *events: Event) -> list[str]:
    wanted = [event for event in events if event.kind in lines.kinds]
    return [line.text for event in wanted for line in lines.of(event)]


def plain() -> Remarks:
    return Remarks(each_start=False, phases=True)


def lease(took: float, *services: str, **more: Any) -> Event:
    stacks = {"s": {"services": [*services]}}
    return Event(Kind.TEST_LEASE, took, took, test="t", data={"stacks": stacks, **more})


def test_without_a_terminal_each_long_phase_has_one_line() -> None:
    events = (
        Event(Kind.RUN_PHASE, 2, 1.5, data={"name": "resolve the project"}),
        Event(Kind.IMAGE_PULL, 9, 61.0, data={"services": ["db"]}),
        lease(3.2, "db", "app"),
    )
    assert told(plain(), *events) == [
        "harness: resolve the project: 1.5 s",
        "harness: pulled db in 61.0 s",
        "harness: db, app ready after 3.2 s",
    ]


def test_the_same_services_again_have_none_nor_what_is_short_or_failed() -> None:
    again = [lease(3.2, "db"), lease(9.0, "db"), lease(0.9, "app"), lease(9.0, "web", error="died")]
    assert told(plain(), *again) == ["harness: db ready after 3.2 s"]


def test_a_build_brings_what_the_builder_wrote() -> None:
    data = {"services": ["app"], "output": ["Step 1/1 : FROM x"]}
    assert [*plain().of(Event(Kind.IMAGE_BUILD, 9, 12.3, data=data))] == [
        Remark("harness: built app in 12.3 s", ("Step 1/1 : FROM x",))
    ]
    failed = Event(Kind.IMAGE_BUILD, 9, 0.2, data={**data, "error": "no such file"})
    assert [*plain().of(failed)] == [Remark("harness: app not built", ("Step 1/1 : FROM x",))]


def test_a_terminal_shows_it_as_it_goes_on_and_keeps_only_notes() -> None:
    lines = Remarks(each_start=False, phases=False)
    note = Event(Kind.NOTE, 1, data={"text": "removing what an earlier run left: 2 containers"})
    assert told(lines, lease(3.2, "db"), Event(Kind.IMAGE_PULL, 9, 61.0), note) == [
        "harness: removing what an earlier run left: 2 containers"
    ]


@pytest.mark.parametrize("phases", [True, False])
def test_each_start_has_its_time_where_that_is_wanted(phases: bool) -> None:
    where: dict[str, Any] = {"stack": "s", "service": "db", "data": {"container": "c"}}
    events = (
        Event(Kind.SERVICE_START, 1.0, begins=True, **where),
        Event(Kind.SERVICE_START, 1.2, 0.2, **where),
        Event(Kind.SERVICE_WAIT, 1.2, begins=True, **where),
        Event(Kind.SERVICE_WAIT, 1.62, 0.42, **where),
        lease(3.2, "db"),
    )
    assert told(Remarks(each_start=True, phases=phases), *events) == ["harness: db ready in 0.62 s"]
