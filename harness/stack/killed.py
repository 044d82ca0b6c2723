"""Why a container was killed: an engine may say only later that it was for want of memory."""

from __future__ import annotations

import time

from harness.engine.protocol import Engine, Snapshot
from harness.errors import HarnessError

_KILLED = 137
# seconds; Engine 20.10 hears of the end and of the want of memory from two messages, in any order
_PATIENCE, _PAUSE = 0.5, 0.02


def with_reason(engine: Engine, snapshot: Snapshot) -> Snapshot:
    """Look again at a container that was killed, until the engine says why, or might have.

    Args:
        engine: The engine.
        snapshot: What it said of a container that has ended.
    """
    deadline = time.monotonic() + _PATIENCE
    while (
        snapshot.exit_code == _KILLED
        and not (snapshot.oom_killed or snapshot.direct)
        and time.monotonic() < deadline
    ):
        time.sleep(_PAUSE)
        try:
            snapshot = engine.snapshot(snapshot.id)
        except HarnessError:
            break  # what is known is told
    return snapshot
