"""A run's names, and who removes what it had in common."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from harness.lease.run import Run
from harness.lease.shared import shared_folder


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_names_tell_runs_workers_and_lives_apart(tmp_path: Path) -> None:
    alone = Run(tmp_path, "0123456789abcdef")
    assert alone.id == "01234567"
    assert alone.stack_name(4, "1") == "harness-01234567-4-1"
    worker = Run(tmp_path, "0123456789abcdef", "gw1")
    assert worker.stack_name(1, "2") == "harness-01234567-1-gw1-2"
    assert worker.stack_name(0, "shared", common=True) == "harness-01234567-0-shared"
    assert Run(tmp_path).id != Run(tmp_path).id


def test_kept_stacks_come_before_all_others_and_belong_to_the_checkout(tmp_path: Path) -> None:
    one, two, other = Run(tmp_path), Run(tmp_path), Run(tmp_path / "other")
    assert one.kept_name == two.kept_name != other.kept_name
    assert one.kept_name < Run(tmp_path, "00000000").stack_name(0, "shared")
    assert one.is_kept(f"{one.kept_name}-shared")
    assert not one.is_kept(one.stack_name(0, "shared"))
    assert not other.is_kept(f"{one.kept_name}-shared")


def test_stacks_are_kept_where_asked_for_by_one_run_at_a_time(tmp_path: Path) -> None:
    one, two = Run(tmp_path, keep=True), Run(tmp_path, keep=True)
    assert not Run(tmp_path).keeps
    assert one.keeps
    assert not two.keeps
    assert two.asked_to_keep
    with one.leave():
        pass
    assert Run(tmp_path, keep=True).keeps


def test_the_controller_is_one_of_the_run_of_its_workers(tmp_path: Path) -> None:
    controller, worker = Run(tmp_path, "aaaaaaaa"), Run(tmp_path, "bbbbbbbbcccc", "gw0")
    controller.take_part("bbbbbbbbcccc")
    worker.join(uses=False)
    with worker.leave() as last:
        assert not last
    with controller.leave() as last:
        assert last


def test_files_about_a_runs_stacks_are_forgotten(tmp_path: Path) -> None:
    run = Run(tmp_path, "aaaaaaaa")
    mine = shared_folder() / f"{run.stack_name(0, 'shared', common=True)}.json"
    others = shared_folder() / "harness-bbbbbbbb-0-shared.json"
    mine.touch()
    others.touch()
    run.forget_stacks()
    assert not mine.exists()
    assert others.exists()


def test_a_run_that_made_nothing_ends_without_an_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    run = Run(tmp_path)
    run.join(uses=False)
    run.end()
