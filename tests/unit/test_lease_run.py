"""A run's names, and who removes what it had in common."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from harness.lease.labels import expiry_of, owner_of
from harness.lease.process import this_process
from harness.lease.run import Run


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_names_tell_runs_workers_and_lives_apart(tmp_path: Path) -> None:
    alone = Run(tmp_path, "CI/job 1")
    assert alone.id != Run(tmp_path, "CI/job 2").id
    assert alone.id == Run(tmp_path, "CI/job 1").id
    assert re.fullmatch("[0-9a-f]{8}", alone.id)
    assert alone.stack_name(4, "1") == f"harness-{alone.id}-4-1"
    worker = Run(tmp_path, "CI/job 1", "gw1")
    assert worker.stack_name(1, "2") == f"harness-{alone.id}-1-gw1-2"
    assert worker.stack_name(0, "shared", common=True) == f"harness-{alone.id}-0-shared"
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
    worker.join()
    with worker.leave() as last:
        assert not last
    with controller.leave() as last:
        assert last


def test_stacks_belong_to_their_process_shared_ones_to_the_leader_kept_ones_to_nobody(
    tmp_path: Path,
) -> None:
    controller = Run(tmp_path, "aaaaaaaa")
    worker = Run(tmp_path, "aaaaaaaa", "gw0", keep=True, keep_for=100.0, expiry=1000.0)
    controller.take_part("aaaaaaaa")
    assert worker.join()
    own = worker.ownership(worker.stack_name(4, "1"), common=False)
    assert (own.owner, own.worker) == (this_process(), "gw0")
    assert own.expires == own.made + 1000
    assert owner_of(own.labels()) == this_process()
    assert expiry_of(own.labels()) == int(own.expires)
    shared = worker.ownership(worker.stack_name(0, "shared", common=True), common=True)
    assert (shared.owner, shared.worker) == (this_process(), "")
    kept = worker.ownership(f"{worker.kept_name}-shared", common=True)
    assert (kept.owner, kept.worker) == (None, "")
    assert kept.expires == kept.made + 100
    for run in (worker, controller):
        with run.leave():
            pass


def test_a_run_that_made_nothing_ends_without_an_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    run = Run(tmp_path)
    run.take_part(run.id)
    assert run.end() == []
