"""What stands in a stack that several processes use."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from harness.stack.registry import Registry, Standing

DB = Standing("run", "digest", [4001, None])


def test_what_one_has_written_another_reads(tmp_path: Path) -> None:
    one, two = Registry("stack", tmp_path), Registry("stack", tmp_path)
    assert two.read() == {}
    one.write({"db": DB})
    assert two.read() == {"db": DB}
    assert Registry("other", tmp_path).read() == {}
    two.remove()
    assert one.read() == {}
    assert [*tmp_path.iterdir()] == []


def test_who_fails_while_writing_leaves_what_was_said_before(tmp_path: Path) -> None:
    registry = Registry("stack", tmp_path)
    registry.write({"db": DB})
    (tmp_path / "stack.new").mkdir()  # no way to write
    with pytest.raises(OSError, match=r"stack\.new"):
        registry.write({})
    assert registry.read() == {"db": DB}


def test_only_its_user_can_read_it(tmp_path: Path) -> None:
    registry = Registry("stack", tmp_path)
    registry.write({"db": DB})
    assert (tmp_path / "stack.json").stat().st_mode & 0o777 == 0o600


def test_one_at_a_time_changes_the_stack(tmp_path: Path) -> None:
    one, two = Registry("stack", tmp_path), Registry("stack", tmp_path)
    order: list[str] = []

    def second() -> None:
        with two.locked():
            order.append("second")

    thread = threading.Thread(target=second)
    with one.locked():
        thread.start()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
