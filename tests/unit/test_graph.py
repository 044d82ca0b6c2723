from __future__ import annotations

import signal
import threading

import pytest

from harness.stack.graph import Cancelled, run_graph

PATIENCE = 30  # seconds until a wait that should end at once counts as hung


class Recorder:
    """Notes the order in which tasks are done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, key: str) -> None:
        with self._lock:
            self.done.append(key)


def test_what_a_task_waits_for_is_done_before_it() -> None:
    work = Recorder()
    run_graph({"c": ["b"], "b": ["a"], "a": [], "d": ["a", "c"]}, work, threading.Event())
    assert work.done == ["a", "b", "c", "d"]


def test_tasks_that_wait_for_nothing_run_at_the_same_time() -> None:
    meeting = threading.Barrier(3)
    run_graph(
        {"a": [], "b": [], "c": []}, lambda key: void(meeting.wait(PATIENCE)), threading.Event()
    )


def test_a_task_begins_the_moment_its_own_dependencies_are_done() -> None:
    # `slow` ends only when `next` has run, which waits for `quick` alone
    next_ran = threading.Event()

    def work(key: str) -> None:
        if key == "slow":
            assert next_ran.wait(PATIENCE)
        if key == "next":
            next_ran.set()

    run_graph({"slow": [], "quick": [], "next": ["quick"]}, work, threading.Event())
    assert next_ran.is_set()


def test_nothing_new_begins_after_a_failure_and_what_runs_is_told() -> None:
    cancelled = threading.Event()
    begun = Recorder()

    def work(key: str) -> None:
        begun(key)
        if key == "failing":
            raise ValueError("no")
        if key == "waiting":
            assert cancelled.wait(PATIENCE)
            raise Cancelled

    with pytest.raises(ValueError, match="no"):
        run_graph({"waiting": [], "failing": [], "after": ["failing"]}, work, cancelled)
    assert sorted(begun.done) == ["failing", "waiting"]


def test_what_depends_on_a_task_that_was_under_way_does_not_begin() -> None:
    cancelled = threading.Event()
    begun = Recorder()

    def work(key: str) -> None:
        begun(key)
        if key == "failing":
            raise ValueError("no")
        if key == "finishing":
            assert cancelled.wait(PATIENCE)

    with pytest.raises(ValueError, match="no"):
        run_graph({"finishing": [], "failing": [], "after": ["finishing"]}, work, cancelled)
    assert "after" not in begun.done


def test_the_failure_is_raised_and_not_the_cancelling_that_it_caused() -> None:
    cancelled = threading.Event()

    def work(key: str) -> None:
        if key == "first":
            cancelled.wait(PATIENCE)
            raise Cancelled
        cancelled.set()
        raise ValueError("the reason")

    with pytest.raises(ValueError, match="the reason"):
        run_graph({"first": [], "second": []}, work, cancelled)


def test_an_interruption_gives_up_and_waits_for_what_runs() -> None:
    cancelled = threading.Event()
    ended = threading.Event()

    def work(key: str) -> None:
        if key == "interrupted":
            raise KeyboardInterrupt
        assert cancelled.wait(PATIENCE)
        ended.set()

    with pytest.raises(KeyboardInterrupt):
        run_graph({"running": [], "interrupted": []}, work, cancelled)
    assert ended.is_set()


def test_an_interruption_of_the_one_who_waits_does_the_same() -> None:
    cancelled = threading.Event()
    ended = threading.Event()

    def work(key: str) -> None:
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
        assert cancelled.wait(PATIENCE)
        ended.set()

    with pytest.raises(KeyboardInterrupt):
        run_graph({"a": []}, work, cancelled)
    assert ended.wait(PATIENCE)


def test_no_more_tasks_run_at_a_time_than_there_are_workers() -> None:
    running = threading.Semaphore(2)

    def work(key: int) -> None:
        assert running.acquire(blocking=False)
        running.release()

    run_graph({n: [] for n in range(50)}, work, threading.Event(), workers=2)


def test_a_graph_of_nothing_is_done_at_once() -> None:
    run_graph({}, Recorder(), threading.Event())


def void(value: object) -> None:
    """Drop a value."""
