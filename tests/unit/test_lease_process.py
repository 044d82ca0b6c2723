"""Which process, and whether it lives; where a run comes from."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from harness.lease import origin, process
from harness.lease.process import ProcessId, is_alive, started, this_process
from tests.eventually import eventually


def test_this_process_lives_and_one_with_its_pid_that_started_at_another_time_does_not() -> None:
    me = this_process()
    assert me.pid == os.getpid()
    assert is_alive(me)
    assert not is_alive(me._replace(started="0"))
    assert not is_alive(ProcessId(0, ""))
    assert not is_alive(ProcessId(2**22 + 1, "1"))


@pytest.mark.parametrize("with_proc", [True, False])
def test_a_process_is_dead_though_its_parent_was_not_told(
    with_proc: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not with_proc:
        monkeypatch.setattr(process, "HAS_PROC", False)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    known = ProcessId(child.pid, started(child.pid) or "")
    assert is_alive(known)
    child.send_signal(signal.SIGSTOP)  # as a debugger does
    eventually(lambda: psutil.Process(child.pid).status() == psutil.STATUS_STOPPED)
    assert is_alive(known)
    child.kill()
    eventually(lambda: not is_alive(known))
    child.communicate()


def test_an_origin_is_kept_in_the_users_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    origin.origin.cache_clear()
    first = origin.origin()
    origin.origin.cache_clear()
    assert origin.origin() == first
    (tmp_path / "pytest-compose-harness" / "origin").write_text("another user's")
    origin.origin.cache_clear()
    assert origin.origin() != first
    origin.origin.cache_clear()


def test_two_pid_namespaces_of_one_user_are_two_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    origin.origin.cache_clear()
    first = origin.origin()
    monkeypatch.setattr(process, "_PIDS", Path("/proc/self/ns/mnt"))
    origin.origin.cache_clear()
    assert origin.origin() != first
    origin.origin.cache_clear()


def test_a_home_that_cannot_be_written_to_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nothing")
    origin.origin.cache_clear()
    first = origin.origin()
    origin.origin.cache_clear()
    assert origin.origin() == first
    origin.origin.cache_clear()
