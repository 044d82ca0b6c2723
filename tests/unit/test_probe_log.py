"""From which time on a container's log counts."""

from __future__ import annotations

from dataclasses import replace

from harness.engine.protocol import Snapshot
from harness.probe.log import log_start

FIRST = Snapshot("id", "name", "app", 1, "running", 0, False, "image", 0, None, started_at=100.0)


def test_in_the_first_run_everything_counts() -> None:
    assert log_start(FIRST) == 0
    assert log_start(replace(FIRST, status="created", started_at=0.0)) == 0


def test_after_a_restart_what_the_run_before_wrote_does_not_count() -> None:
    again = replace(FIRST, finished_at=99.0)
    assert 99.0 < log_start(again) < 100.0


def test_of_one_that_has_ended_the_last_run_counts() -> None:
    assert 99.0 < log_start(replace(FIRST, finished_at=101.0)) < 100.0
