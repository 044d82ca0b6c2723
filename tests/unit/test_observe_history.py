"""Times to ready: read from events, kept over runs, held against budgets."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from harness.model.budget import Budget, budget
from harness.observe.event import Event, Kind
from harness.observe.folder import harness_folder
from harness.observe.history import KEPT, History, Ran, usual, with_run
from harness.observe.ready_times import medians, ready_times
from harness.observe.regress import overruns
from harness.observe.watch import watch_ready

PLACES = {"orders": "compose/orders.yml:2"}


def start(service: str, number: int, at: float) -> Event:
    return Event(Kind.SERVICE_START, at, begins=True, service=service, data=container(number))


def ready(service: str, number: int, at: float, **data: Any) -> Event:
    return Event(Kind.SERVICE_WAIT, at, 0.1, service=service, data={**container(number), **data})


def container(number: int) -> dict[str, Any]:
    return {"container": f"id{number}"}


def run_of(took: float, own: str | None = None, worker: str = "") -> list[Event]:
    """Return the events of a run in which a service took so many seconds."""
    services = {"orders": {"place": PLACES["orders"], "budget": own}}
    return [
        Event(Kind.RUN_BEGIN, 0.0, worker=worker, data={"engine": "docker"}),
        Event(Kind.PROJECT, 0.5, data={"services": services}),
        start("orders", 1, 1.0),
        ready("orders", 1, 1.0 + took),
    ]


def test_a_time_is_that_from_a_containers_first_start_to_its_being_ready() -> None:
    events = [
        start("a", 1, 1.0),
        start("b", 2, 1.0),
        ready("b", 2, 1.5, error="exited with code 1"),
        ready("a", 1, 1.25),
        start("a", 1, 9.0),  # a test has restarted it
        ready("a", 1, 9.75),
        start("a", 3, 10.0),
        ready("a", 3, 10.75),
        ready("kept", 4, 10.0),  # an earlier run had started it
    ]

    assert ready_times(events) == {"a": (0.25, 0.75)}
    assert medians(ready_times(events)) == {"a": 0.5}


@pytest.mark.parametrize(
    ("text", "wanted"), [("5s", Budget(5.0)), ("1.5x", Budget(factor=1.5)), (2, Budget(2.0))]
)
def test_a_budget_is_a_duration_or_a_factor(text: object, wanted: Budget) -> None:
    assert budget(text) == wanted
    assert budget(str(wanted)) == wanted


@pytest.mark.parametrize("text", ["1x", "0.5x", "x", "soon", "0", True, None])
def test_what_is_no_budget(text: object) -> None:
    with pytest.raises(ValueError, match="is no budget"):
        budget(text)


@pytest.mark.parametrize(
    ("took", "earlier", "of", "over"),
    [
        ((5.1,), (), Budget(5.0), True),  # an absolute one holds at once
        ((5.0,), (), Budget(5.0), False),
        ((9.0,), (1.0, 1.0), Budget(factor=1.5), False),  # a relative one wants three runs
        ((1.6,), (1.0, 1.1, 0.9), Budget(factor=1.5), True),
        ((1.4,), (1.0, 1.1, 0.9), Budget(factor=1.5), False),
        ((0.2,), (0.05, 0.05, 0.05), Budget(factor=1.5), False),  # noise
        ((0.31,), (0.05, 0.05, 0.05), Budget(factor=1.5), True),
        ((1.0, 9.0, 1.1), (1.0, 1.0, 8.0), Budget(factor=1.5), False),  # outliers on both sides
    ],
)
def test_what_is_over_a_budget(
    took: tuple[float, ...], earlier: tuple[float, ...], of: Budget, over: bool
) -> None:
    found = overruns({"orders": took}, {"orders": earlier}, {"orders": of}, PLACES)
    assert bool(found) is over


def test_what_is_over_its_budget_is_told_with_its_history() -> None:
    earlier = {"orders": (1.0, 1.2, 0.8)}
    [slow] = overruns({"orders": (2.0, 3.0)}, earlier, {"orders": Budget(factor=1.5)}, PLACES)

    assert slow.told() == (
        "harness: orders took 2.50 s to get ready (median of 2 starts), over its budget of 1.5x; "
        "usually 1.00 s (0.80 to 1.20 s in 3 earlier runs). Find what slowed it down, or allow "
        "it: x-harness: {ready: {budget: …}} in its service (compose/orders.yml:2)"
    )
    assert not overruns({"other": (99.0,)}, {}, {}, {})


def test_the_newest_runs_of_each_kind_are_kept() -> None:
    runs = [Ran(99.0, "process")]
    for at in range(KEPT + 5):
        runs = with_run(runs, Ran(float(at), "docker"))

    kept = [run.at for run in runs if run.like == "docker"]
    assert kept == [float(number) for number in range(5, KEPT + 5)]
    assert [run.like for run in runs].count("process") == 1


def test_runs_of_another_kind_and_what_was_over_do_not_say_what_is_usual() -> None:
    runs = [
        Ran(1.0, "docker", {"a": 1.0, "b": 1.0}),
        Ran(2.0, "process", {"a": 9.0}),
        Ran(3.0, "docker", {"a": 9.0, "b": 2.0}, ("a",)),
    ]

    assert usual(runs, "docker") == {"a": [1.0], "b": [1.0, 2.0]}


def test_what_is_entered_is_read_again(tmp_path: Path) -> None:
    history = History(tmp_path / "cache" / "times")
    assert history.read() == []

    history.add(Ran(2.0, "docker", {"ü": 1.5}, ("ü",)))
    history.add(Ran(1.0, "docker"))

    assert history.read() == [Ran(1.0, "docker"), Ran(2.0, "docker", {"ü": 1.5}, ("ü",))]
    assert {file.suffix for file in history.path.parent.iterdir()} <= {"", ".lock"}


def test_runs_that_end_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history"
    threads = [
        threading.Thread(target=History(path).add, args=(Ran(float(n), "docker"),))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(run.at for run in History(path).read()) == [float(n) for n in range(20)]


def test_a_regressed_run_fails_again_and_again_until_it_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "history"
    factor = Budget(factor=1.5)
    for took in (1.0, 1.1, 0.9):
        assert not watch_ready(run_of(took), tmp_path, path, factor).over

    for _ in range(5):
        [told] = watch_ready(run_of(3.0), tmp_path, path, factor).over
        assert "orders took 3.00 s to get ready, over its budget of 1.5x" in told
        assert "(0.90 to 1.10 s in 3 earlier runs)" in told
    assert not watch_ready(run_of(3.0, "4s"), tmp_path, path, factor).over
    # with workers it is another kind of run: its first ones have nothing to be held against
    assert not watch_ready(run_of(3.0, worker="gw0"), tmp_path, path, factor).over


def test_a_services_own_budget_needs_no_other_and_no_history(tmp_path: Path) -> None:
    [told] = watch_ready(run_of(3.0, "2s"), tmp_path, None, None).over

    assert "over its budget of 2s; no earlier run is known" in told
    assert list(tmp_path.iterdir()) == []


def test_a_history_that_is_none_is_told_and_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text('{"at": 1}\n')

    [told] = watch_ready(run_of(1.0), tmp_path, path, None).noted

    assert told.startswith(f"harness: the history of times to ready in {path} cannot be used, and")
    assert [run.ready for run in History(path).read()] == [{"orders": 1.0}]


def test_a_history_that_cannot_be_written_is_told_where_somebody_wants_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    wanted = tmp_path / "file" / "history"
    (tmp_path / ".harness").touch()

    [told] = watch_ready(run_of(1.0), tmp_path, wanted, None).noted
    assert told.startswith(f"harness: the history in {wanted} cannot be written: ")
    assert not watch_ready(run_of(1.0), tmp_path, tmp_path / ".harness/history", None).noted


def test_the_folder_of_a_project_is_nothing_for_git(tmp_path: Path) -> None:
    folder = harness_folder(tmp_path)

    assert folder == harness_folder(tmp_path) == tmp_path / ".harness"
    assert (folder / ".gitignore").read_text().splitlines()[-1] == "*"


def test_a_run_that_started_nothing_enters_nothing(tmp_path: Path) -> None:
    assert watch_ready([], tmp_path, tmp_path / "history", Budget(1.0)).over == ()
    assert list(tmp_path.iterdir()) == []
