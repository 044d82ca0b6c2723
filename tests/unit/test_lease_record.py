"""Which processes take part in a run, and the stacks that runs leave to each other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.lease.kept import KeptStacks
from harness.lease.record import RunRecord, records

# A process that joins a run, or takes what is kept, until it is told to end.
JOINS = """
import sys
from pathlib import Path
from harness.lease.record import RunRecord
users = RunRecord("run", Path(sys.argv[1]))
users.join(uses=True)
print("joined", flush=True)
sys.stdin.read()
"""
TAKES = """
import sys
from pathlib import Path
from harness.lease.kept import KeptStacks
print(KeptStacks("checkout", sys.argv[2], folder=Path(sys.argv[1])).take(), flush=True)
sys.stdin.read()
"""
# A process that takes what is kept, and ends before a child that it has forked.
FORKS = """
import os, sys
from pathlib import Path
from harness.lease.kept import KeptStacks
kept = KeptStacks("checkout", "one", folder=Path(sys.argv[1]))
assert kept.take()
if os.fork():
    os._exit(0)
print("a child", flush=True)
sys.stdin.read()
"""


@contextmanager
def other(code: str, *args: str, says: str) -> Iterator[subprocess.Popen[str]]:
    """Run another process, which goes on until the context ends or it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == says
        yield process


def test_the_last_one_out_is_told(tmp_path: Path) -> None:
    first, second = RunRecord("run", tmp_path), RunRecord("run", tmp_path)
    first.join(uses=False)
    assert not first.any_uses
    second.join(uses=True)
    assert first.any_uses
    with first.leave() as last:
        assert not last
    with second.leave() as last:
        assert last
    assert not second.any_uses
    assert [*tmp_path.iterdir()] == []


def test_who_never_joined_is_not_the_last(tmp_path: Path) -> None:
    with RunRecord("run", tmp_path).leave() as last:
        assert not last


def test_another_process_counts_until_it_ends_however_it_ends(tmp_path: Path) -> None:
    with other(JOINS, str(tmp_path), says="joined") as process:
        mine = RunRecord("run", tmp_path)
        mine.join(uses=False)
        with mine.leave() as last:
            assert not last
        mine.join(uses=False)
        process.kill()
        process.wait()
        with mine.leave() as last:
            assert last
            assert mine.any_uses


def test_who_joins_while_the_last_one_removes_is_found_by_those_after(tmp_path: Path) -> None:
    leaving, joining, after = (RunRecord("run", tmp_path) for _ in range(3))
    leaving.join(uses=True)
    thread = threading.Thread(target=joining.join, kwargs={"uses": True})
    with leaving.leave() as last:
        assert last
        thread.start()
    thread.join()
    after.join(uses=False)
    assert after.any_uses
    with after.leave() as last:
        assert not last
    with joining.leave() as last:
        assert last


def test_joining_and_removing_at_the_same_moment_is_no_error(tmp_path: Path) -> None:
    def come_and_go() -> None:
        for _ in range(200):
            record = RunRecord("run", tmp_path)
            record.join(uses=True)
            data = record.make_data_folder() / record.own_folder.name
            data.touch()
            assert data.exists(), "who was the last one before has removed it"
            with record.leave():
                pass

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(come_and_go) for _ in range(4)]:
            each.result()
    assert [*tmp_path.iterdir()] == []


def test_one_run_at_a_time_has_what_is_kept(tmp_path: Path) -> None:
    with other(TAKES, str(tmp_path), "one", says="True") as process:
        mine, same = (KeptStacks("checkout", run, folder=tmp_path) for run in ("two", "one"))
        elsewhere = KeptStacks("other", "two", folder=tmp_path)
        assert not mine.take()
        assert elsewhere.take()
        assert same.take()
        process.kill()
        process.wait()
        assert not mine.take()  # another process of that run still has it
        same.leave()
        assert mine.take()
        assert mine.take()
        mine.leave()
        elsewhere.leave()


def test_a_child_that_a_test_forked_does_not_have_what_is_kept(tmp_path: Path) -> None:
    with other(FORKS, str(tmp_path), says="a child") as process:
        process.wait()  # the child goes on
        mine = KeptStacks("checkout", "two", folder=tmp_path)
        assert mine.take()
        mine.leave()


def test_whoever_has_left_is_not_the_last_one_again(tmp_path: Path) -> None:
    users = RunRecord("run", tmp_path)
    users.join(uses=True)
    with users.leave() as last:
        assert last
    with users.leave() as last:
        assert not last


def test_the_last_one_that_was_interrupted_is_the_last_one_again(tmp_path: Path) -> None:
    users = RunRecord("run", tmp_path)
    users.join(uses=True)
    with pytest.raises(KeyboardInterrupt):
        be_interrupted(users)
    with users.leave() as last:
        assert last
    assert [*tmp_path.iterdir()] == []


def be_interrupted(users: RunRecord) -> None:
    with users.leave() as last:
        assert last
        raise KeyboardInterrupt


def test_who_leaves_while_others_go_on_is_in_the_record_until_it_is_done(tmp_path: Path) -> None:
    staying, leaving, reader = (RunRecord("run", tmp_path) for _ in range(3))
    staying.join(uses=True)
    leaving.join(uses=True)
    leaving.own_folder.joinpath("file").touch()
    with leaving.leave() as last:
        assert not last
        assert leaving.mine is not None
        assert [m.name for m in reader.members() if m.leaving] == [leaving.mine.name]
        assert [m.name for m in reader.others()] == [staying.mine and staying.mine.name]
        with staying.leave() as last:  # the one that leaves does not count any more
            assert last
    assert [*tmp_path.iterdir()] == []


def test_who_has_something_under_way_stays_in_the_record_and_does_not_count(tmp_path: Path) -> None:
    first, second, reader = (RunRecord("run", tmp_path) for _ in range(3))
    first.join(uses=True)
    second.join(uses=True)
    with first.leave(settled=False) as last:
        assert not last
    with second.leave(settled=False) as last:
        assert last
    assert [m.leaving for m in reader.members()] == [True, True]
    assert reader.others() == []


def test_a_process_that_has_ended_does_not_count(tmp_path: Path) -> None:
    mine = RunRecord("run", tmp_path)
    mine.join(uses=True)
    name = "member-1-1"
    other = mine.folder / f"{name}.json"
    other.write_text(json.dumps([name, [os.getpid(), "another start"], False, False]))
    assert [m.name for m in mine.members()] == [name, mine.mine and mine.mine.name]
    assert mine.others() == []
    with mine.leave() as last:
        assert last


def test_the_leader_is_known_to_all_and_else_each_leads_itself(tmp_path: Path) -> None:
    controller, worker = RunRecord("run", tmp_path), RunRecord("run", tmp_path)
    worker.join(uses=True)
    assert worker.leader == worker.mine
    controller.join(uses=False, leads=True)
    assert worker.leader == controller.mine
    assert controller.any_uses


def test_records_of_all_runs_are_found(tmp_path: Path) -> None:
    one, two = RunRecord("one", tmp_path), RunRecord("two", tmp_path)
    assert one.join(uses=True)
    assert not one.join(uses=True)
    two.join(uses=False)
    assert sorted(record.run for record in records(tmp_path)) == ["one", "two"]
    assert [*records(tmp_path / "elsewhere")] == []
