"""What is found out about a test's services, and the section that it becomes."""

from __future__ import annotations

from typing import Any

from harness.engine.protocol import Binding, HealthCheck, Snapshot
from harness.observe.event import Event, Kind
from harness.observe.evidence import Evidence, Statement, Witness
from harness.observe.findings import Findings, Span, findings
from harness.observe.lines import Line
from harness.observe.section import section
from harness.observe.state import State, described

STACK = "harness-r1-4-1"
SPAN = Span(10.0, 20.0, "the assertion")


def snapshot(**more: Any) -> Snapshot:
    given: dict[str, Any] = {
        "id": "orders-id",
        "name": f"{STACK}-orders-1",
        "service": "orders",
        "number": 1,
        "status": "running",
        "exit_code": 0,
        "oom_killed": False,
        "image": "shop/orders",
        "restarts": 0,
        "check": None,
    }
    return Snapshot(**{**given, **more})


def witness(service: str = "orders", *, own: bool = True) -> Witness:
    return Witness(f"{service}-id", f"{STACK}-{service}-1", service, service, STACK, own)


def event(kind: Kind, at: float, service: str = "orders", **data: Any) -> Event:
    data = {"container": f"{service}-id", **data}
    return Event(kind, at, stack=STACK, service=service, data=data)


def died(at: float, code: int = 137, asked: str = "") -> Event:
    return event(Kind.CONTAINER, at, action="die", exit_code=code, asked=asked)


READY = event(Kind.SERVICE_WAIT, 5.0)


def test_a_death_is_told_in_the_verdict_and_stands_in_the_log() -> None:
    seen = Statement(witness(), snapshot(status="exited"), None, [Line(12.0, "orders", "hello")])

    found = findings([READY, died(16.9)], Evidence([seen]), SPAN)

    assert found.verdict == ["orders died (exit 137) 3.1 s before the assertion"]
    assert [line.text for line in found.lines] == ["hello", "[died, exit 137]"]
    assert found.anomaly == 1


def test_a_death_is_told_with_the_time_that_the_engine_has_of_it() -> None:
    seen = Statement(witness(), snapshot(status="exited"), ended=16.5)

    found = findings([READY, died(16.9)], Evidence([seen]), SPAN)

    assert found.verdict == ["orders died (exit 137) 3.5 s before the assertion"]


def test_an_exit_before_it_was_ready_is_an_anomaly_unless_it_may_be() -> None:
    seen = Statement(witness(), snapshot(status="exited"))
    job = Event(Kind.PROJECT, 0.0, data={"services": {"orders": {"ends_with": 3}}})

    failed = findings([died(12.0, 4)], Evidence([seen]), SPAN)
    assert [line.text for line in failed.lines] == ["[died, exit 4]"]
    assert failed.anomaly == 0
    for events in ([died(12.0, 0)], [job, died(12.0, 3)]):
        found = findings(events, Evidence([seen]), SPAN)
        assert found.lines[0].text.startswith("[ended, exit ")
        assert found.anomaly is None


def test_the_engines_own_word_on_memory_counts_where_its_event_is_missing() -> None:
    seen = Statement(witness(), snapshot(status="exited", exit_code=137, oom_killed=True))

    found = findings([READY, died(16.9)], Evidence([seen]), SPAN)

    assert found.verdict == ["orders died (exit 137, out of memory) 3.1 s before the assertion"]
    assert found.states["orders"].oom


def test_what_the_test_did_is_no_verdict_and_no_anomaly() -> None:
    seen = Statement(witness(), snapshot(status="exited"))

    found = findings([READY, died(16.9, asked="test")], Evidence([seen]), SPAN)

    assert not found.verdict
    assert [line.text for line in found.lines] == ["[ended by the test, exit 137]"]
    assert found.anomaly is None


def test_of_what_others_use_only_this_tests_time_counts() -> None:
    seen = Statement(witness(own=False), snapshot())
    before = [READY, died(7.0), event(Kind.CONTAINER, 7.5, action="start")]

    assert not findings(before, Evidence([seen]), SPAN).lines
    assert findings([READY, died(11.0)], Evidence([seen]), SPAN).verdict


def test_what_befell_the_services_comes_first() -> None:
    seen = Statement(witness(), snapshot(status="exited"))
    evidence = Evidence([seen], ["container x was removed"])

    assert findings([READY, died(16.9)], evidence, SPAN).verdict == [
        "container x was removed",
        "orders died (exit 137) 3.1 s before the assertion",
    ]


def test_a_failed_start_has_a_chain_and_no_verdict_and_its_last_lines_once() -> None:
    failed = event(Kind.SERVICE_WAIT, 6.0, error="exited", error_class="ServiceDiedError")
    lines = [Line(5.5, "orders", "ERROR no config")]
    other = Statement(witness("db"), snapshot(id="db-id"), None, [Line(5.0, "db", "up")])
    evidence = Evidence(
        [Statement(witness(), snapshot(status="exited", exit_code=3), None, lines), other],
        (),
        frozenset({"orders"}),
        "exited",
    )

    found = findings([failed], evidence, SPAN)
    text = section(found, 0.0, "")

    assert not found.verdict
    assert found.chain == ["the test wants orders", "  orders failed, as told above"]
    assert "db | up" in text
    assert "no config" not in text


def test_a_container_that_is_gone_says_nothing_but_that() -> None:
    found = findings([], Evidence([Statement(witness())]), SPAN)

    assert described(found.states) == ["orders  gone"]


def test_without_services_there_is_nothing_to_be_told() -> None:
    assert not findings([], Evidence(), SPAN)


def state(**more: Any) -> State:
    seen = Statement(witness(), snapshot(**more), more.pop("peak", None))
    return findings([READY], Evidence([seen]), SPAN).states["orders"]


def test_a_state_has_ports_health_and_restarts() -> None:
    check = HealthCheck(("CMD", "true"))
    bound = (Binding("8080/tcp", "127.0.0.1", 20001),)

    told = state(check=check, bindings=bound, restarts=2)

    assert described({"orders": told}) == [
        "orders  running (healthy), shop/orders, 8080/tcp -> 127.0.0.1:20001, restarted 2 times"
    ]
    assert told.data() == {
        "image": "shop/orders",
        "status": "running",
        "health": "healthy",
        "exit_code": None,
        "oom": False,
        "restarts": 2,
        "memory_peak": None,
        "ports": ["8080/tcp -> 127.0.0.1:20001"],
        "stack": STACK,
        "container": f"{STACK}-orders-1",
    }


def test_the_engines_latest_word_on_health_counts() -> None:
    seen = Statement(witness(), snapshot(check=HealthCheck(("CMD", "true"))), 5 * 2**20)
    ill = event(Kind.CONTAINER, 12.0, action="health_status", detail="unhealthy")

    found = findings([READY, ill], Evidence([seen]), SPAN)

    assert described(found.states) == [
        "orders  running (unhealthy), shop/orders, memory peak 5.0 MiB"
    ]


def test_the_section_has_offsets_a_mark_and_what_was_left_out() -> None:
    lines = [Line(10.0 + i / 10, "db" if i % 2 else "orders", f"line {i}") for i in range(100)]
    lines[60] = Line(16.0, "orders", "ERROR " + "x" * 500)

    text = section(Findings(["a verdict"], (), lines, 60), 10.0, "The whole log: there")

    first, empty, *log = text.splitlines()
    assert (first, empty) == ("a verdict", "")
    assert log[0] == "            … 52 more lines"
    assert "    +5.900 db     | line 59" in log
    (marked,) = (line for line in log if line[0] == ">")
    assert marked.startswith(">   +6.000 orders | ERROR xxx")
    assert marked.endswith("x…")
    assert len(marked) < 300
    assert log[-2:] == ["    +9.900 db     | line 99", "The whole log: there"]
    assert len(log) == 40 + 2 + 1


def test_services_that_wrote_nothing_are_said_to() -> None:
    found = findings([READY], Evidence([Statement(witness(), snapshot())]), SPAN)

    assert section(found, 10.0, "") == "They wrote nothing.\n\norders  running, shop/orders"


def test_where_the_engine_was_lost_that_is_the_verdict() -> None:
    seen = Statement(witness(), snapshot(status="exited"))
    evidence = Evidence([seen], ["the Docker Engine went away"], lost=True)

    assert findings([READY, died(16.9)], evidence, SPAN).verdict == ["the Docker Engine went away"]
