"""The reaper: a small detached process that removes what a run has made, once its owner is gone.

A variable says for which run (see ``spawn.py``). It detaches itself, answers with the labels that
it watches, and ends when all is gone. As long as it lives it holds a lock on a file of the run's
record.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
from contextlib import suppress
from pathlib import Path

from harness.lease.cgroup import come_back, leave_cgroup
from harness.lease.labels import RUN
from harness.lease.record import RunRecord
from harness.lease.watch import Watch

ORDER = "HARNESS_REAPER"
LOCK, LOG = "reaper", "reaper.log"


def main() -> None:
    """Watch over the run that the environment names."""
    order = json.loads(os.environ[ORDER])
    if os.fork():
        os._exit(0)
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)  # it ends when its owner has, and all is gone
    record = RunRecord(order["run"], Path(order["folder"]))
    lock = os.open(record.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    groups = leave_cgroup()
    os.chdir("/")
    _answer(record.run)
    _log_to(record.folder / LOG)
    try:
        Watch(record, lock).run()
    finally:
        come_back(groups)


def _answer(run: str) -> None:
    with suppress(BrokenPipeError):  # who asked is gone: all the more reason to go on
        os.write(1, json.dumps({"watches": {RUN: run}}).encode())


def _log_to(file: Path) -> None:
    """Let go of what the starter waits on; errors go into the record."""
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, target in ((0, nothing), (1, nothing), (2, log)):
        os.dup2(target, number)
    os.close(nothing)
    os.close(log)
