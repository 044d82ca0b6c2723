"""What services did unasked, read from events."""

from __future__ import annotations

from typing import Any

from harness.observe.event import Event, Kind
from harness.observe.incidents import Incident, IncidentReader, What, incidents, was_asked

STACK = "harness-r1-4-1"


def project(**services: dict[str, Any]) -> Event:
    return Event(Kind.PROJECT, 0.0, data={"services": services})


def waited(service: str, at: float = 1.0, **data: Any) -> Event:
    data = {"container": f"{service}-id", **data}
    return Event(Kind.SERVICE_WAIT, at, 0.5, stack=STACK, service=service, data=data)


def happened(service: str, action: str, at: float, **data: Any) -> Event:
    data = {"container": f"{service}-id", "action": action, "asked": "", **data}
    return Event(Kind.CONTAINER, at, stack=STACK, service=service, data=data)


def found(*events: Event, since: float = 0.0) -> list[tuple[What, str, int | None, bool]]:
    told = incidents(events, {STACK}, since)
    return [(i.what, i.service, i.exit_code, i.out_of_memory) for i in told]


def test_a_death_that_nobody_asked_for() -> None:
    assert found(waited("orders"), happened("orders", "die", 2.0, exit_code=1)) == [
        (What.EXIT, "orders", 1, False)
    ]


def test_what_a_test_or_the_harness_ended_is_none() -> None:
    for who in ("test", "harness"):
        assert not found(waited("a"), happened("a", "die", 2.0, exit_code=137, asked=who))
        assert not found(waited("a"), happened("a", "destroy", 2.0, asked=who))


def test_crashes_before_it_is_ready_are_its_starts_affair() -> None:
    crash = happened("orders", "die", 0.5, exit_code=1)

    assert not found(crash, waited("orders"))
    assert not found(waited("orders", 0.4, error="exited with code 1"), crash)


def test_a_service_that_is_there_to_end_may_end_with_its_code() -> None:
    jobs = project(job={"ends_with": 0}, server={"ends_with": None})

    assert not found(jobs, waited("job"), happened("job", "die", 2.0, exit_code=0))
    assert found(jobs, waited("job"), happened("job", "die", 2.0, exit_code=3))
    assert found(jobs, waited("server"), happened("server", "die", 2.0, exit_code=0))


def test_a_restart_by_its_policy() -> None:
    assert found(
        waited("a"), happened("a", "die", 2.0, exit_code=1), happened("a", "start", 2.1)
    ) == [(What.RESTART, "a", 1, False)]


def test_each_of_several_restarts_counts() -> None:
    events = [waited("a")]
    for at in (2.0, 3.0):
        events += happened("a", "die", at, exit_code=1), happened("a", "start", at + 0.1)

    assert [what for what, *_ in found(*events)] == [What.RESTART, What.RESTART]


def test_a_kill_for_want_of_memory_and_the_death_that_comes_of_it_are_one() -> None:
    assert found(
        waited("a"), happened("a", "oom", 2.0), happened("a", "die", 2.1, exit_code=137)
    ) == [(What.EXIT, "a", 137, True)]


def test_a_process_of_its_own_that_was_killed_for_want_of_memory() -> None:
    assert found(waited("a"), happened("a", "oom", 2.0)) == [(What.OOM, "a", None, True)]


def test_the_engine_may_tell_of_the_death_before_it_tells_of_the_want_of_memory() -> None:
    assert found(
        waited("a"), happened("a", "die", 2.0, exit_code=137), happened("a", "oom", 2.1)
    ) == [(What.EXIT, "a", 137, True)]


def test_a_start_that_somebody_asked_for_makes_no_restart_of_a_death() -> None:
    start = Event(
        Kind.SERVICE_START, 2.1, begins=True, stack=STACK, service="a", data={"container": "a-id"}
    )
    events = happened("a", "die", 2.0, exit_code=1), start, happened("a", "start", 2.2)

    assert found(waited("a"), *events) == [(What.EXIT, "a", 1, False)]
    # what it does before it is ready again is that start's affair
    assert len(found(waited("a"), *events, happened("a", "die", 2.3, exit_code=1))) == 1


def test_what_another_worker_has_brought_up_counts_from_its_adoption_on() -> None:
    adopted = Event(Kind.SERVICE_ADOPTED, 1.0, stack=STACK, service="a", data={"container": "a-id"})

    assert found(adopted, happened("a", "die", 2.0, exit_code=1)) == [(What.EXIT, "a", 1, False)]


def test_another_workers_test_may_have_asked_for_it() -> None:
    def asked(at: float, container: str = "a-id") -> Event:
        return Event(Kind.CONTAINER_ASKED, at, worker="gw1", data={"containers": [container]})

    death = Incident(What.EXIT, STACK, "a", "a-id", 5.0, 137)

    assert was_asked([asked(4.9)], death)
    assert not was_asked([asked(5.1)], death)
    assert not was_asked([asked(4.9, "b-id")], death)
    assert not was_asked([asked(3.0), happened("a", "start", 4.0)], death)


def test_it_is_known_since_when_a_container_is_ready() -> None:
    reader = IncidentReader()
    for event in (waited("a", 1.5), waited("b", 1.0), happened("b", "destroy", 2.0, asked="test")):
        reader.read(event)

    assert reader.ready_since("a-id") == 1.5
    assert reader.ready_since("b-id") is None


def test_a_container_that_somebody_removed() -> None:
    events = waited("a"), happened("a", "die", 2.0, exit_code=137), happened("a", "destroy", 2.1)

    assert found(*events) == [(What.REMOVED, "a", None, False)]


def test_what_came_before_is_not_told() -> None:
    assert not found(waited("a"), happened("a", "die", 2.0, exit_code=1), since=2.5)


def test_other_stacks_do_not_count() -> None:
    events = waited("a"), happened("a", "die", 2.0, exit_code=1)

    assert not incidents(events, {"another"})


def test_an_incident_as_a_sentence() -> None:
    died = Incident(What.EXIT, STACK, "orders", "id", 10.0, 137, True)

    assert died.told() == "orders died (exit 137, out of memory)"
    assert (
        died.told(13.1, "the assertion")
        == "orders died (exit 137, out of memory) 3.1 s before the assertion"
    )
    assert died.told(10.01, "the assertion").endswith(" at the assertion")
    # a client sees it before an engine does
    assert died.told(9.8, "the assertion").endswith(" at the assertion")
    assert Incident(What.REMOVED, STACK, "db", "id", 10.0).told(9.6, "the assertion") == (
        "db was removed, and not by the harness, 0.4 s after the assertion"
    )


def test_an_engine_that_tells_of_the_death_before_its_reason() -> None:
    assert found(
        waited("a"), happened("a", "die", 2.0, exit_code=137), happened("a", "oom", 2.1)
    ) == [(What.EXIT, "a", 137, True)]
