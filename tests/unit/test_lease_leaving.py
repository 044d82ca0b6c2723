"""Who is the last one out of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.lease.users import RunUsers


def test_the_last_one_out_is_told_so(tmp_path: Path) -> None:
    first, second = RunUsers("run", tmp_path), RunUsers("run", tmp_path)
    first.join(uses=True)
    second.join(uses=True)
    with first.leave() as last:
        assert not last
    with second.leave() as last:
        assert last
    assert [*tmp_path.iterdir()] == []


def test_whoever_has_left_is_not_the_last_one_again(tmp_path: Path) -> None:
    users = RunUsers("run", tmp_path)
    users.join(uses=True)
    with users.leave() as last:
        assert last
    with users.leave() as last:
        assert not last


def test_the_last_one_that_was_interrupted_is_the_last_one_again(tmp_path: Path) -> None:
    users = RunUsers("run", tmp_path)
    users.join(uses=True)
    with pytest.raises(KeyboardInterrupt):
        be_interrupted(users)
    with users.leave() as last:
        assert last
    assert [*tmp_path.iterdir()] == []


def be_interrupted(users: RunUsers) -> None:
    with users.leave() as last:
        assert last
        raise KeyboardInterrupt
