"""Starting the reaper, and seeing that it is there."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable

from harness.errors import ReaperError
from harness.lease.labels import RUN
from harness.lease.record import RunRecord

_PATIENCE = 30.0  # seconds for its answer; it takes 50 ms on an idle machine
# what it needs to reach the engine, and to find this package; nothing by which a CI agent tells
# which processes belong to a job
_KEPT = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "SSH_AUTH_SOCK", "PYTHONHOME", "LD_LIBRARY_PATH")
_KEPT_PREFIXES = ("DOCKER_", "LC_", "XDG_", "DYLD_")
# Python's own modules first: folders of tests, which pytest puts before them, may hold an enum.py
_CODE = """
import json, os, sys
sys.path += json.loads(os.environ["HARNESS_REAPER"])["path"]
from harness.lease.reaper import main
main()
"""


def ensure_reaper(record: RunRecord, launched: Callable[[], object] = lambda: None) -> None:
    """Have a reaper watch over a run of which this process is a member, and wait for its answer.

    Args:
        record: The record of the run.
        launched: Called as soon as the reaper comes, whatever becomes of this process.

    Raises:
        ReaperError: It could not be started.
    """
    if is_watched(record):
        return
    with record.locked():
        if not is_watched(record):
            _start(record, launched)


def is_watched(record: RunRecord) -> bool:
    """Whether the run's reaper lives: it holds a lock for as long."""
    try:
        file = os.open(record.folder / "reaper", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def _start(record: RunRecord, launched: Callable[[], object]) -> None:
    # not over a pipe: it must not depend on who starts it, once it is started
    path = [entry for entry in sys.path if entry and os.path.isabs(entry)]  # noqa: PTH117
    order = json.dumps({"run": record.run, "folder": str(record.folder.parent), "path": path})
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _CODE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            cwd="/",
            env={**_environment(), "HARNESS_REAPER": order},
            start_new_session=True,
        )
    except OSError as error:
        raise _not_started(str(error)) from None
    launched()
    with process:
        try:
            answer, errors = process.communicate(timeout=_PATIENCE)
        except BaseException as error:
            process.kill()
            if isinstance(error, subprocess.TimeoutExpired):
                raise _not_started(str(error)) from None
            raise
    if not _watches(answer, record.run):
        said = errors.strip().splitlines() or [f"exit code {process.returncode}"]
        raise _not_started(said[-1])


def _watches(answer: str, run: str) -> bool:
    try:
        return bool(json.loads(answer)["watches"] == {RUN: run})
    except (ValueError, KeyError, TypeError):
        return False


def _not_started(found: str) -> ReaperError:
    return ReaperError(
        "wanted the process that removes containers when pytest is killed, but it did not start, "
        f"so nothing was made: {found} ({sys.executable} -c 'import harness.lease.reaper')"
    )


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
