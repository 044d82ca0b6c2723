"""What a report shows, from the events of a run."""

from __future__ import annotations

from typing import Any

import pytest

from harness.observe.event import Event, Kind
from harness.observe.intervals import both, length, minus, union
from harness.observe.report.build import report_of
from harness.observe.report.critical import critical_path
from harness.observe.report.logs import Lines
from harness.observe.report.model import CriticalPath, Phase, Report
from harness.observe.report.ready import summary

TEST = "test_shop.py::test_order"
STACK = "harness-1-4-1"


def lasts(kind: Kind, begin: float, end: float, **told: Any) -> list[Event]:
    """Return both events of what lasts."""
    where = {n: told.pop(n) for n in ("worker", "stack", "service", "test") if n in told}
    return [
        Event(kind, begin, begins=True, **where, data=told),
        Event(kind, end, end - begin, **where, data=told),
    ]


def run_of(*events: Event | list[Event], run: str = "", **begin: Any) -> list[Event]:
    """Return the events of a run that begins at 100 s."""
    about = {"run": "1a2b", "project": "shop", "engine": "docker", "isolation": "fresh"} | begin
    flat = [Event(Kind.RUN_BEGIN, 100.0, data=about)]
    for each in events:
        flat += each if isinstance(each, list) else [each]
    return sorted(
        (Event(e.kind, e.at, e.took, e.begins, e.worker, e.stack, e.service, e.test, e.data, run)
         for e in flat),
        key=lambda e: e.at,
    )  # fmt: skip


def started(service: str, begin: float, running: float, ready: float, **told: Any) -> list[Event]:
    """Return the events of a service that starts and gets ready."""
    about = {"stack": STACK, "service": service, "container": f"id of {service}"} | told
    return [
        *lasts(Kind.SERVICE_START, begin, running, **about),
        *lasts(Kind.SERVICE_WAIT, running, ready, **about),
    ]


def a_test(begin: float, end: float, outcome: str = "passed", **told: Any) -> list[Event]:
    """Return the events of a test that waits for its services for a second."""
    where = {"test": TEST, "worker": told.pop("worker", "")}
    stacks = {STACK: {"services": ["db"], "life": "test", "resets": []}}
    return [
        Event(Kind.TEST_BEGIN, begin, data={"file": "test_shop.py", "line": 7}, **where),
        *lasts(Kind.TEST_LEASE, begin, begin + 1, stacks=told.pop("stacks", stacks), **where),
        Event(Kind.TEST_PHASE, begin + 1.5, 1.5, data={"when": "setup"}, **where),
        Event(Kind.TEST_PHASE, end, end - begin - 1.5, data={"when": "call", **told}, **where),
        Event(Kind.TEST_END, end, end - begin, data={"outcome": outcome, **told}, **where),
    ]


def row(report: Report, label: str) -> Any:
    """Return the row of a service in the first stack that has it."""
    stacks = [s for group in report.groups for lane in group.lanes for s in lane.stacks]
    return next(row for stack in stacks for row in stack.rows if row.label == label)


def test_a_service_has_a_bar_for_each_thing_that_it_did() -> None:
    report = report_of(
        run_of(
            lasts(Kind.STACK_CREATE, 101, 102, stack=STACK, services=["db"]),
            started("db", 102, 103, 105),
            a_test(101, 107),
            lasts(Kind.STACK_REMOVE, 108, 109, stack=STACK),
        )
    )

    bars = row(report, "db").bars
    assert [(bar.phase, bar.begin, bar.end) for bar in bars] == [
        (Phase.CREATE, 1, 2),
        (Phase.START, 2, 3),
        (Phase.WAIT, 3, 5),
        (Phase.UP, 5, 8),
        (Phase.STOP, 8, 9),
    ]
    (group,) = report.groups
    assert group.lanes[0].stacks[0].uses == ((2, 7, 0),)


def test_what_a_killed_run_had_begun_lasts_until_its_last_event() -> None:
    begun = [event for event in started("db", 102, 103, 105) if event.begins]
    begin = [event for event in a_test(101, 107) if event.at <= 101]
    report = report_of(run_of(begin, begun, Event(Kind.WARNING, 106, data={"text": "late"})))

    assert row(report, "db").bars[-1].phase is Phase.WAIT
    assert row(report, "db").bars[-1].end == 6
    (test,) = report.tests
    assert (test.outcome, test.begin, test.end) == ("unfinished", 1, 6)
    assert report.runs[0].ended is False


def test_a_service_that_dies_is_no_longer_up_and_its_death_is_marked() -> None:
    died = {"container": "id of db", "action": "die", "exit_code": 137, "asked": ""}
    report = report_of(
        run_of(
            started("db", 102, 103, 105),
            a_test(101, 109),
            Event(Kind.CONTAINER, 106, stack=STACK, service="db", data=died),
        )
    )

    assert row(report, "db").bars[-1].end == 6
    assert [(mark.at, mark.text) for mark in row(report, "db").marks] == [(6, "db died (exit 137)")]
    assert report.services[0].incidents == ((0, 6, "db died (exit 137)"),)


def test_stacks_that_follow_each_other_share_a_lane_and_longer_lives_have_their_own() -> None:
    def stack(name: str, begin: float, end: float, life: str) -> list[Event]:
        stacks = {name: {"services": ["db"], "life": life, "resets": []}}
        return [
            *lasts(Kind.STACK_CREATE, begin, begin + 1, stack=name, services=["db"]),
            *a_test(begin, end, stacks=stacks),
            *lasts(Kind.STACK_REMOVE, end, end + 1, stack=name),
        ]

    report = report_of(
        run_of(
            stack("first", 101, 103, "test"),
            stack("second", 105, 107, "test"),
            stack("beside", 106, 108, "test"),
            stack("shared", 102, 110, "session"),
        )
    )

    lanes = [[stack.name for stack in lane.stacks] for lane in report.groups[0].lanes]
    assert lanes == [["shared"], ["first", "second"], ["beside"]]


def test_what_all_workers_share_stands_apart_from_what_each_has() -> None:
    shared = {STACK: {"services": ["db"], "life": "run", "resets": []}}
    report = report_of(
        run_of(
            lasts(Kind.STACK_CREATE, 101, 102, stack=STACK, services=["db"], worker="gw0"),
            a_test(101, 105, worker="gw0", stacks=shared),
            a_test(101, 105, worker="gw10", stacks=shared),
            a_test(101, 105, worker="gw9", stacks=shared),
        )
    )

    assert [(group.worker, len(group.lanes)) for group in report.groups] == [
        ("", 1), ("gw0", 0), ("gw9", 0), ("gw10", 0),
    ]  # fmt: skip
    assert report.tests[0].isolation == "shared"


def test_a_test_has_all_that_was_told_of_it() -> None:
    lines = [[106.5, "db", "FATAL: out of memory", "anomaly"], ["wrong"]]
    report = report_of(
        run_of(
            a_test(101, 107, "failed", message="assert 1 == 2", text=">  assert 1 == 2"),
            Event(Kind.TEST_VERDICT, 107, data={"lines": ["db died"]}, test=TEST),
            Event(Kind.TEST_LOG, 107, data={"lines": lines, "cut": 3}, test=TEST),
            Event(Kind.TEST_STATE, 107, data={"services": {"db": {"status": "exited"}}}, test=TEST),
        )
    )

    (test,) = report.tests
    assert (test.outcome, test.message, test.text) == (
        "failed",
        "assert 1 == 2",
        ">  assert 1 == 2",
    )
    assert (test.place, test.isolation) == ("test_shop.py:7", "fresh")
    assert test.phases == {"setup": 1.5, "call": 4.5}
    assert test.verdict == ("db died",)
    assert test.state == {"db": {"status": "exited"}}
    assert (test.log, test.cut) == (((0, 1),), 3)
    assert report.lines[0].text == "FATAL: out of memory"


def test_a_test_that_runs_again_is_two() -> None:
    report = report_of(run_of(a_test(101, 103, "failed"), a_test(104, 106)))

    assert [(test.outcome, test.begin) for test in report.tests] == [("failed", 1), ("passed", 4)]
    assert [test.leases for test in report.tests] == [((1, 2),), ((4, 5),)]


def test_lines_that_several_tests_have_seen_are_kept_once() -> None:
    def log(*lines: str) -> Event:
        rows = [[101.0 + number, "db", line, ""] for number, line in enumerate(lines)]
        return Event(Kind.TEST_LOG, 107, data={"lines": rows, "cut": 0}, test=TEST)

    report = report_of(
        run_of(a_test(101, 106), log("a", "b"), a_test(107, 109), log("a", "b", "c"))
    )

    assert [line.text for line in report.lines] == ["a", "b", "c"]
    assert report.tests[0].log == ((0, 2),)


def test_a_line_that_was_written_twice_at_once_is_there_twice() -> None:
    rows = [[101.0, "db", "tick", ""], [101.0, "db", "tick", ""]]
    logged = Event(Kind.TEST_LOG, 107, data={"lines": rows}, test=TEST)

    assert len(report_of(run_of(a_test(101, 106), logged)).lines) == 2


def test_each_of_several_runs_keeps_its_own_time_and_its_own_workers() -> None:
    later = [
        Event(e.kind, e.at + 5000, e.took, e.begins, "gw0", e.stack, e.service, e.test, e.data, "b")
        for e in run_of(a_test(101, 103), run="b")
    ]
    report = report_of([*run_of(a_test(101, 103, worker="gw0"), run="a"), *later])

    assert [(run.began, run.took) for run in report.runs] == [(100, 3), (5100, 3)]
    assert [(group.run, group.worker, group.tests) for group in report.groups] == [
        (0, "gw0", (0,)),
        (1, "gw0", (1,)),
    ]
    assert [test.begin for test in report.tests] == [1, 1]


def test_all_of_the_time_is_accounted_for() -> None:
    report = report_of(
        run_of(
            lasts(Kind.RUN_PHASE, 101, 101.25, name="sweep"),
            lasts(Kind.IMAGE_BUILD, 101.25, 101.5, services=["db"]),
            lasts(Kind.STACK_CREATE, 101.5, 101.625, stack=STACK, services=["db"]),
            started("db", 101.625, 101.75, 101.875),
            a_test(101, 107),
            lasts(Kind.STACK_REMOVE, 106, 109, stack=STACK),
            Event(Kind.RUN_END, 110),
        )
    )

    assert {share.key: share.seconds for share in report.minutes} == {
        "images": 0.25,
        "opening": 0.25,
        "creating": 0.125,
        "starting": 0.125,
        "waiting": 0.125,
        "else": 0.125,
        "fixtures": 0.5,
        "calls": 4.5,
        "removing": 2,
        "rest": 2,
    }


def test_time_to_ready_counts_from_the_start_and_only_if_it_got_ready() -> None:
    failed = lasts(Kind.SERVICE_START, 120, 121, stack=STACK, service="db", container="other")
    failed += lasts(
        Kind.SERVICE_WAIT, 121, 150, stack=STACK, service="db", container="other", error="no answer"
    )
    kept = lasts(Kind.SERVICE_WAIT, 160, 160.1, stack=STACK, service="db", container="kept")
    report = report_of(run_of(started("db", 102, 103, 105), failed, kept))

    (service,) = report.services
    assert service.ready is not None
    assert service.ready.times == (3,)
    assert (service.starts, service.failed) == (2, 1)


def test_a_container_that_is_started_again_is_a_restart() -> None:
    def start(at: float, container: str) -> Event:
        data = {"container": container, "action": "start", "asked": "test"}
        return Event(Kind.CONTAINER, at, stack=STACK, service="db", data=data)

    report = report_of(
        run_of(started("db", 101, 102, 103), start(101, "a"), start(104, "b"), start(105, "a"))
    )

    assert report.services[0].restarts == 1


def test_the_spread_is_where_four_of_five_lie() -> None:
    found = summary([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0])

    assert found is not None
    assert (found.low, found.median, found.high) == (2, 6, 10)
    assert summary([]) is None
    one = summary([3.0])
    assert one is not None
    assert (one.low, one.median, one.high) == (3, 3, 3)


def test_the_critical_path_is_the_chain_that_takes_longest() -> None:
    needs = {
        "orders": {"catalog": "service_healthy", "redis": "service_healthy"},
        "catalog": {"db": "service_healthy"},
        "idle": {"db": "service_healthy"},
    }
    ready = {"orders": 1.0, "catalog": 2.0, "redis": 2.5, "db": 1.0}

    path = critical_path(needs, ready, {})

    assert path == CriticalPath(("db", "catalog", "orders"), 4.0)
    assert critical_path({}, {}, {}) == CriticalPath()


def test_who_waits_only_for_a_start_does_not_wait_until_it_is_ready() -> None:
    needs = {"web": {"slow": "service_started", "quick": "service_healthy"}}

    path = critical_path(needs, {"web": 1.0, "slow": 9.5, "quick": 2.0}, {"slow": 0.5})

    assert path == CriticalPath(("slow",), 9.5)
    ready = {"web": 1.0, "slow": 2.5, "quick": 2.0}
    assert critical_path(needs, ready, {"slow": 0.5}).services == ("quick", "web")


def test_a_warning_of_every_worker_is_one() -> None:
    warned = [Event(Kind.WARNING, 101, worker=w, data={"text": "no .env"}) for w in ("a", "b")]

    assert report_of(run_of(warned)).warnings == ("no .env",)


@pytest.mark.parametrize(
    ("whole", "parts", "left"),
    [
        ([(0, 10)], [], [(0, 10)]),
        ([(0, 10)], [(2, 3), (5, 20)], [(0, 2), (3, 5)]),
        ([(0, 4), (3, 6)], [(1, 2)], [(0, 1), (2, 6)]),
        ([(5, 6)], [(0, 9)], []),
        ([(0, 2), (4, 6), (8, 9)], [(1, 5)], [(0, 1), (5, 6), (8, 9)]),
    ],
)
def test_stretches_without_others(
    whole: list[tuple[float, float]],
    parts: list[tuple[float, float]],
    left: list[tuple[float, float]],
) -> None:
    assert minus(whole, parts) == left
    assert length(both(whole, parts)) == length(union(whole)) - length(left)
    assert union(reversed(whole)) == union(whole)


def test_a_line_that_two_tests_have_seen_is_there_once_whoever_marks_it() -> None:
    lines = Lines()
    plain, marked = [101.0, "db", "[died, exit 3]", ""], [101.0, "db", "[died, exit 3]", "anomaly"]

    assert lines.keep(0, 100.0, [plain]) == lines.keep(0, 100.0, [marked]) == ((0, 1),)
    assert [(line.text, line.mark) for line in lines.all] == [("[died, exit 3]", "anomaly")]
