"""The summary of a run, from its events."""

from __future__ import annotations

from typing import Any

import pytest

from harness.observe.event import Event, Kind
from harness.observe.savings import Saving, savings
from harness.observe.spent import spent
from harness.observe.starts import critical_path, stack_starts
from harness.observe.summary import summary

NEEDS = {"postgres": [], "redis": [], "migrate": ["postgres"], "orders": ["migrate", "redis"]}


class Story:
    """Events of a run, each told when it ends, as the harness tells them."""

    def __init__(self, worker: str = "") -> None:
        self.events: list[Event] = [
            Event(
                Kind.PROJECT, 0, data={"services": {n: {"depends_on": d} for n, d in NEEDS.items()}}
            )
        ]
        self._worker = worker

    def lasts(self, kind: Kind, begin: float, end: float, **where: Any) -> Story:
        """Tell both ends of something."""
        known = {"stack", "service", "test"}
        place = {name: value for name, value in where.items() if name in known}
        data = {name: value for name, value in where.items() if name not in known}
        self.events += [
            Event(kind, begin, 0, True, self._worker, data=data, **place),
            Event(kind, end, end - begin, False, self._worker, data=data, **place),
        ]
        return self

    def ready(self, stack: str, service: str, begin: float, started: float, end: float) -> Story:
        """Tell of a service that was started and got ready."""
        where = {"stack": stack, "service": service, "container": f"{stack}-{service}"}
        self.lasts(Kind.SERVICE_START, begin, started, **where)
        return self.lasts(Kind.SERVICE_WAIT, started, end, **where)

    def test(self, name: str, begin: float, end: float, waits: float, **stack: Any) -> Story:
        """Tell of a test that waits for a stack of its own, from its beginning on."""
        self.lasts(
            Kind.TEST_LEASE, begin, begin + waits, test=name,
            stacks={f"s-{name}": {"services": ["app"], "life": "test", "took": waits, **stack}},
        )  # fmt: skip
        return self.lasts(Kind.TEST_END, begin, end, test=name)

    @property
    def in_order(self) -> list[Event]:
        return sorted(self.events, key=lambda e: e.at)


def started() -> Story:
    """A test of 10 s whose stack has a chain of services."""
    story = Story().test("t", 100, 110, 5, services=["postgres", "redis", "migrate", "orders"])
    story.lasts(Kind.STACK_CREATE, 100, 101, stack="s-t", services=[*NEEDS])
    story.ready("s-t", "postgres", 101, 101.5, 103)
    story.ready("s-t", "redis", 101, 101.5, 102)
    story.ready("s-t", "migrate", 103, 103.5, 104)
    return story.ready("s-t", "orders", 104, 104.5, 105)


def test_every_moment_of_a_test_is_counted_once() -> None:
    times = spent(started().in_order)
    assert (times.tests, times.whole, times.waiting, times.testing) == (1, 10, 5, 5)
    assert times.waited == pytest.approx({"starting": 2.5, "until ready": 2.5})
    assert times.beside == {}


def test_what_a_test_finds_ready_was_started_beside_it() -> None:
    story = Story().test("t", 100, 101, 0.1)
    story.lasts(Kind.STACK_CREATE, 90, 92, stack="s-t", services=["app"])
    story.ready("s-t", "app", 92, 93, 97)
    times = spent(story.in_order)
    assert times.waited == pytest.approx({"other": 0.1})
    assert times.beside == pytest.approx({"starting": 7})


def test_a_reset_counts_as_far_as_a_test_waits_for_it() -> None:
    story = Story().test("t", 100, 101, 0.5, life="run", took=0.5)
    story.lasts(Kind.STACK_RESET, 99.0, 100.4, stack="s-t", services=["app"])
    times = spent(story.in_order)
    assert times.waited == pytest.approx({"resetting": 0.4, "other": 0.1})
    assert times.beside == pytest.approx({"resetting": 1.0})


def test_the_time_of_several_workers_is_summed_up_and_what_one_does_is_no_others() -> None:
    one = Story("gw0").test("a", 100, 104, 2)
    other = Story("gw1").test("b", 100, 106, 0)
    one.lasts(Kind.IMAGE_BUILD, 100, 102, services=["app"])
    times = spent(sorted(one.events + other.events, key=lambda e: e.at))
    assert (times.tests, times.workers, times.whole) == (2, 2, 10)
    assert times.waited == pytest.approx({"building and pulling": 2})


def test_a_wait_between_tests_is_no_tests_time() -> None:
    story = Story().test("t", 100, 101, 0.5)
    story.lasts(Kind.TEST_LEASE, 101, 105, test="a getter of the session", stacks={})
    assert spent(story.in_order).waiting == pytest.approx(0.5)


def test_the_critical_path_is_who_waited_for_whom_last() -> None:
    (start,) = stack_starts(started().in_order)
    assert start.took == 5
    assert [r.service for r in critical_path(start, NEEDS)] == ["postgres", "migrate", "orders"]


def test_a_container_that_a_test_starts_again_is_no_part_of_its_stacks_start() -> None:
    story = started().ready("s-t", "redis", 107, 107.5, 109)
    (start,) = stack_starts(story.in_order)
    assert start.took == 5


def test_what_joins_a_stack_is_a_start_of_its_own() -> None:
    story = started().lasts(Kind.STACK_CREATE, 106, 106.2, stack="s-t", services=["late"])
    story.ready("s-t", "late", 106.2, 106.3, 107)
    assert [start.took for start in stack_starts(story.in_order)] == pytest.approx([5, 1])


def test_the_short_summary_has_a_line_for_each_question() -> None:
    assert summary(started().in_order, full=False) == [
        "harness: 1 test took 10.0 s: 5.0 s testing, 5.0 s waiting for services (2.5 s starting, "
        "2.5 s until ready)",
        "harness: slowest to get ready: postgres 2.0 s, redis 1.0 s, migrate 1.0 s",
        "harness: slowest start 5.0 s: create 1.0 s > postgres 2.0 s > migrate 1.0 s > orders "
        "1.0 s",
    ]


def test_what_is_not_worth_a_line_has_none() -> None:
    story = Story().test("t", 100, 100.4, 0.3)
    story.lasts(Kind.STACK_CREATE, 100, 100.1, stack="s-t", services=["app"])
    story.ready("s-t", "app", 100.1, 100.2, 100.3)
    assert len(summary(story.in_order, full=False)) == 1
    assert summary(Story().in_order, full=False) == summary([], full=True) == []


def test_the_full_summary_tells_the_rest() -> None:
    story = started().lasts(Kind.RUN_PHASE, 99, 99.5, name="sweep")
    told = "\n".join(summary(story.in_order, full=True))
    assert "slowest start 5.0 s, of t: create 1.0 s > " in told
    assert "harness: orders 1.0 s to get ready, 1.0 s in all" in told
    assert "harness: waited 5.0 s for services: t" in told
    assert "harness: once a run: sweep 0.50 s" in told


def starts(*waits: float, **stack: Any) -> list[Event]:
    story = Story()
    for number, wait in enumerate(waits):
        story.test(f"{stack.get('environment', '')}{number}", 100, 200, wait, **stack)
    return story.in_order


def test_all_starts_but_the_longest_would_have_been_saved() -> None:
    (saving,) = savings(starts(1.0, 2.0, 3.0))
    assert saving == Saving(("app",), 3, 3.0)
    assert saving.told() == (
        "3 tests started the same service app: harness_isolation = shared would have saved about "
        "3 s"
    )


def test_each_worker_would_have_waited_for_the_one_start() -> None:
    both = [e for w in ("gw0", "gw1") for e in Story(w).test(w, 100, 200, 5.0).in_order]
    assert savings(both) == []
    more = [*both, *Story("gw1").test("again", 200, 300, 4.0).in_order]
    assert savings(more) == [Saving(("app",), 3, 4.0)]


def test_the_services_that_cost_most_are_named_and_the_others_summed_up() -> None:
    both = starts(5.0, 5.0, services=["db", "app"]) + starts(2.0, 2.0, environment="x")
    assert summary(both, full=False)[-1] == (
        "harness: 2 tests started the same 2 services (db, app): harness_isolation = shared "
        "would have saved about 5 s, and 2 s with other tests"
    )


def test_what_is_shared_or_given_other_variables_would_save_nothing() -> None:
    assert savings(starts(60.0)) == savings(starts(9.0, 9.0, life="run")) == []
    assert savings(starts(9.0, environment="a") + starts(9.0, environment="b")) == []


def test_a_test_that_asks_for_more_has_started_once() -> None:
    story = Story().test("a", 100, 200, 2.0).test("a", 110, 200, 1.0, services=["app", "late"])
    story.test("b", 200, 300, 2.5, services=["app", "late"])
    assert savings(story.in_order) == [Saving(("app", "late"), 2, 2.5)]


def test_replaced_services_are_named_once() -> None:
    story = started()
    for name in ("b", "a", "b"):
        story.lasts(Kind.SERVICE_REPLACE, 105, 106, stack="s-t", service=name)
    assert summary(story.in_order, full=False)[-1].startswith(
        "harness: reset by replacing the container: a, b. Faster: "
    )
