"""The journal: what is told, kept, written and read again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from harness.engine.protocol import ContainerEvent
from harness.observe.containers import ContainerEvents
from harness.observe.event import Event, Kind
from harness.observe.journal import Journal
from harness.observe.reading import events_of, merged, run_events

OURS = {
    "pytest-compose-harness.run": "r1",
    "pytest-compose-harness.stack": "harness-r1-4-1",
    "com.docker.compose.service": "orders",
    "name": "harness-r1-4-1-orders-1",
}


def happened(
    action: str, at: float = 5.0, labels: Mapping[str, str] = MappingProxyType({})
) -> ContainerEvent:
    code = 1 if action == "die" else None
    return ContainerEvent("c1", action, "", at, code, {**OURS, **labels})


def asked(journal: Journal) -> list[str]:
    deaths = [e for e in journal.kept() if e.data.get("action") == "die"]
    return [death.data["asked"] for death in deaths]


def test_an_event_survives_its_line() -> None:
    event = Event(
        Kind.SERVICE_WAIT, 12.5, 0.25, False, "gw0", "stack", "orders", "t.py::t", {"saw": "ü"}
    )

    assert Event.of_line(event.line()) == event


def test_a_line_leaves_out_what_is_empty() -> None:
    assert Event(Kind.RUN_END, 1.0).line() == '{"kind":"run.end","at":1.0}'


@pytest.mark.parametrize("line", ["[]", "{}", "nonsense", '{"kind":"x","at":null}', '"text"'])
def test_what_is_no_event_is_told(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own error among them
        Event.of_line(line)


def test_what_lasts_is_told_when_it_begins_and_when_it_ends() -> None:
    journal = Journal("gw1")

    with journal.span(Kind.STACK_CREATE, stack="s", services=["a"]) as more:
        more["count"] = 2

    begin, end = journal.kept()
    assert (begin.begins, begin.took, dict(begin.data)) == (True, 0.0, {"services": ["a"]})
    assert (end.begins, end.worker, end.stack) == (False, "gw1", "s")
    assert end.data == {"services": ["a"], "count": 2}
    assert end.began == pytest.approx(begin.at, abs=1)


def test_what_fails_says_so_at_its_end() -> None:
    journal = Journal()

    with pytest.raises(LookupError), journal.span(Kind.IMAGE_BUILD):
        raise LookupError("no such image")

    assert journal.kept()[-1].data == {"error": "no such image", "error_class": "LookupError"}


def test_a_reader_that_fails_disturbs_nobody() -> None:
    journal, seen = Journal(), list[str]()

    def broken(event: Event) -> None:
        raise RuntimeError

    journal.subscribe(broken)
    end = journal.subscribe(lambda event: seen.append(event.kind))
    journal.tell(Kind.WARNING, text="careful")
    end()
    journal.tell(Kind.RUN_END)

    assert seen == ["warning"]


def test_a_reader_is_told_of_the_events_that_it_wants() -> None:
    journal, seen = Journal(), list[str]()
    journal.subscribe(lambda event: seen.append(event.kind), [Kind.NOTE, Kind.RUN_END])

    for kind in Kind:
        journal.tell(kind)

    assert seen == ["note", "run.end"]


def test_a_file_holds_what_was_told_before_it_was_there(tmp_path: Path) -> None:
    journal = Journal()
    journal.tell(Kind.RUN_BEGIN, run="r1")
    journal.write_to(tmp_path)
    journal.tell(Kind.RUN_END)

    lines = (tmp_path / "journal-main.jsonl").read_text().splitlines()
    assert [event.kind for event in events_of(lines)] == ["run.begin", "run.end"]


def test_what_was_written_can_be_read_though_the_file_is_gone(tmp_path: Path) -> None:
    journal = Journal()
    journal.write_to(tmp_path)
    journal.tell(Kind.RUN_END)
    (tmp_path / "journal-main.jsonl").unlink()

    assert [event.kind for event in events_of(journal.written())] == ["run.end"]


def test_a_journal_that_cannot_be_written_is_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = Journal()
    journal.write_to(tmp_path / "file" / "folder")
    journal.tell(Kind.RUN_END)

    assert [event.kind for event in events_of(journal.written())] == ["run.end"]


def test_a_last_line_that_a_kill_cut_short_is_passed_over() -> None:
    whole = Event(Kind.RUN_BEGIN, 1.0).line()

    assert [event.kind for event in events_of([whole, whole[:12]])] == ["run.begin"]
    with pytest.raises(ValueError, match="Unterminated"):
        events_of([whole[:12], whole])


def test_the_processes_of_a_run_become_one_journal(tmp_path: Path) -> None:
    controller, worker = Journal(), Journal("gw0")
    controller.write_to(tmp_path)
    worker.write_to(tmp_path)
    controller.tell(Kind.RUN_BEGIN, at=1.0)
    worker.tell(Kind.RUN_BEGIN, at=2.0)
    controller.tell(Kind.RUN_END, at=3.0)

    told = [(event.kind, event.worker) for event in run_events(controller, tmp_path)]
    assert told == [("run.begin", ""), ("run.begin", "gw0"), ("run.end", "")]


def test_what_several_workers_saw_of_a_shared_container_is_told_once() -> None:
    def seen(worker: str, asked: str) -> Event:
        data = {"container": "c1", "action": "die", "asked": asked}
        return Event(Kind.CONTAINER, 5.0, worker=worker, data=data)

    (event,) = merged([[seen("gw0", "")], [seen("gw1", "test")], [seen("gw2", "")]])
    assert event.data["asked"] == "test"


def test_a_death_that_nobody_asked_for_is_told_as_such() -> None:
    journal = Journal()
    watch = ContainerEvents(journal, {"r1"})

    now = time.time()
    watch.take(happened("die", now - 9))
    watch.take(happened("start", now - 8))
    watch.asked(["c1"], "test")
    watch.take(happened("die", now + 7))
    watch.take(happened("start", now + 8))
    watch.take(happened("die", now + 9))

    assert asked(journal) == ["", "test", ""]
    assert journal.kept()[0].service == "orders"
    assert journal.kept()[0].data["exit_code"] == 1


def test_a_death_that_came_before_it_was_asked_for_is_its_own() -> None:
    journal = Journal()
    watch = ContainerEvents(journal, {"r1"}, ahead=100.0)

    watch.asked(["c1"], "harness")
    watch.take(happened("die", time.time() + 99))  # the engine's clock is 100 s ahead
    watch.take(happened("die", time.time() + 101))

    assert asked(journal) == ["", "harness"]


def test_what_was_asked_for_and_did_not_end_a_container_is_forgotten() -> None:
    journal = Journal()
    watch = ContainerEvents(journal, {"r1"})
    later = time.time() + 5

    watch.asked(["c1"], "test")
    watch.take(happened("pause", later))
    watch.take(happened("unpause", later + 1))
    watch.take(happened("die", later + 2))
    watch.asked(["c1"], "test")
    watch.runs_on("c1")
    watch.take(happened("die", later + 3))

    assert asked(journal) == ["", ""]


def test_a_wish_is_told_before_it_is_carried_out() -> None:
    journal = Journal()

    ContainerEvents(journal, {"r1"}).asked(["c1", "c2"], "test")

    (told,) = journal.kept()
    assert (told.kind, told.data) == (
        "container.asked",
        {"containers": ["c1", "c2"], "by": "test"},
    )


def test_other_runs_and_other_workers_own_are_not_told() -> None:
    journal = Journal("gw0")
    watch = ContainerEvents(journal, {"r1"})

    watch.take(happened("die", labels={"pytest-compose-harness.run": "r2"}))
    watch.take(happened("die", labels={"pytest-compose-harness.worker": "gw1"}))
    watch.take(happened("exec_create"))
    assert journal.kept() == []

    watch.take(happened("die", labels={"pytest-compose-harness.worker": "gw0"}))
    watch.take(happened("die", 6.0))
    assert len(journal.kept()) == 2


def test_of_a_journal_that_nobody_follows_nothing_is_written_while_memory_holds_it(
    tmp_path: Path,
) -> None:
    journal = Journal()
    journal.write_to(tmp_path, followed=False)
    file = tmp_path / "journal-main.jsonl"
    journal.tell(Kind.RUN_BEGIN)
    assert run_events(journal, tmp_path) == journal.kept()
    while journal.keeps_all:
        assert file.stat().st_size == 0
        journal.tell(Kind.NOTE)
    assert file.stat().st_size > 0


@pytest.mark.parametrize("followed", [True, False])
def test_what_is_more_than_memory_holds_is_read_from_the_file(
    tmp_path: Path, followed: bool
) -> None:
    journal = Journal()
    journal.write_to(tmp_path, followed=followed)
    for number in range(25_000):
        journal.tell(Kind.NOTE, text=str(number))

    told = [int(event.data["text"]) for event in run_events(journal, tmp_path)]
    assert len(journal.kept()) < len(told)
    assert told == [*range(25_000)]


def test_what_may_last_is_written_as_it_begins(tmp_path: Path) -> None:
    """Whoever follows the journal shows it while nothing else happens."""
    journal = Journal("gw0")
    journal.write_to(tmp_path)

    with journal.span(Kind.SERVICE_WAIT, stack="s", service="a"):
        lines = (tmp_path / "journal-gw0.jsonl").read_text().splitlines()

    assert [(e.kind, e.begins) for e in events_of(lines)] == [("service.wait", True)]
