"""Who uses a run's stacks, and those that runs leave to each other."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.lease.kept import KeptStacks
from harness.lease.users import RunUsers

# A process that joins a run, or takes what is kept, until it is told to end.
JOINS = """
import sys
from pathlib import Path
from harness.lease.users import RunUsers
users = RunUsers("run", Path(sys.argv[1]))
users.join(uses=True)
print("joined", flush=True)
sys.stdin.read()
"""
TAKES = """
import sys
from pathlib import Path
from harness.lease.kept import KeptStacks
print(KeptStacks("checkout", sys.argv[2], Path(sys.argv[1])).take(), flush=True)
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
    first, second = RunUsers("run", tmp_path), RunUsers("run", tmp_path)
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
    with RunUsers("run", tmp_path).leave() as last:
        assert not last


def test_another_process_counts_until_it_ends_however_it_ends(tmp_path: Path) -> None:
    with other(JOINS, str(tmp_path), says="joined") as process:
        mine = RunUsers("run", tmp_path)
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
    leaving, joining, after = (RunUsers("run", tmp_path) for _ in range(3))
    leaving.join(uses=True)
    thread = threading.Thread(target=joining.join, args=[True])
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


def test_one_run_at_a_time_has_what_is_kept(tmp_path: Path) -> None:
    with other(TAKES, str(tmp_path), "one", says="True") as process:
        mine, same = (KeptStacks("checkout", run, tmp_path) for run in ("two", "one"))
        elsewhere = KeptStacks("other", "two", tmp_path)
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
