"""Which processes came of some, and how they are ended."""

from __future__ import annotations

import os
import subprocess
import sys

from harness.lease.family import end, family, of
from harness.lease.marks import VARIABLE, mark
from harness.lease.process import Entry, ProcessId, look
from tests.eventually import eventually


def table(*rows: tuple[int, int, int, int]) -> dict[int, Entry]:
    """Processes that all started when their pid says so."""
    return {row[0]: Entry(*row, started=str(row[0])) for row in rows}


def pids(processes: dict[int, Entry], *roots: ProcessId, me: int = 0) -> list[int]:
    return sorted(p.pid for p in family(processes, roots, me))


def test_children_and_theirs_belong_to_it_and_nobody_else() -> None:
    found = table((1, 0, 1, 1), (5, 1, 5, 5), (6, 5, 5, 5), (7, 6, 7, 5), (8, 1, 8, 8))
    assert pids(found, ProcessId(5, "5")) == [5, 6, 7]


def test_so_do_groups_and_sessions_that_one_of_them_leads() -> None:
    found = table((5, 1, 5, 5), (6, 5, 6, 6), (7, 1, 6, 6), (8, 1, 8, 6), (9, 1, 9, 9))
    assert pids(found, ProcessId(5, "5")) == [5, 6, 7, 8]


def test_a_root_that_has_ended_counts_for_its_session() -> None:
    assert pids(table((6, 1, 5, 5), (7, 6, 7, 7), (8, 1, 8, 8)), ProcessId(5, "5")) == [6, 7]


def test_a_number_that_another_process_has_now_counts_for_nothing() -> None:
    assert pids(table((5, 1, 5, 5), (6, 5, 5, 5)), ProcessId(5, "an earlier start")) == []


def test_who_asks_is_none_of_them() -> None:
    found = table((5, 1, 5, 5), (6, 5, 5, 5), (7, 6, 5, 5), (8, 7, 8, 8))
    assert pids(found, ProcessId(5, "5"), me=6) == [5, 7, 8]


def test_a_mark_is_known_to_its_end() -> None:
    marks = [mark("run"), mark("run", "member-1-1"), mark("run", "member-1-1", 2)]
    assert marks == ["run/", "run/member-1-1/", "run/member-1-1/2/"]
    assert not mark("run", "member-1-11").startswith(marks[1])


def test_what_carries_the_mark_is_ended_and_nothing_else() -> None:
    code = "import time; time.sleep(600)"
    carriers = [
        subprocess.Popen(
            [sys.executable, "-ISc", code], env={**os.environ, VARIABLE: mark("a-test", "m", n)}
        )
        for n in (1, 12)
    ]
    try:
        eventually(lambda: of([], mark("a-test")), lambda found: len(found) == 2)
        ended = end(lambda: of([], mark("a-test", "m", 1)))
        assert [p.pid for p in ended] == [carriers[0].pid]
        other = look(carriers[1].pid)
        assert other is not None
        assert not other.ended
    finally:
        for carrier in carriers:
            carrier.kill()
            carrier.wait()
