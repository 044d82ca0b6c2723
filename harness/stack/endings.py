"""Ends of containers that the engine has not told of yet, and of other workers' processes."""

from __future__ import annotations

import time
from contextlib import suppress

from harness.container import Container
from harness.engine.protocol import ContainerEvent, Snapshot
from harness.errors import HarnessError
from harness.observe.event import Kind
from harness.stack.yard import Yard

# seconds for an engine to tell of a death that can be seen; it takes a tenth of one
_TOLD = 5.0
_TOLD_BY_A_PROCESS = 0.02
_PAUSE = 0.005


def notice_end(yard: Yard, container: Container, stack: str) -> None:
    """See that the journal knows if a container has ended.

    An end that comes just before that of a test is not to be missed, nor to be taken for the next
    test's. Of processes that another worker has started nobody tells this one.

    Args:
        yard: What stacks are made with.
        container: The container.
        stack: The name of its stack.
    """
    id_ = container.id
    if yard.mains.runs(id_) or yard.watch.asked_by(id_):
        return
    if yard.watch.ended_at(id_) is not None and not yard.mains.is_process(id_):
        return
    deadline = time.monotonic() + _TOLD
    with suppress(HarnessError):
        while time.monotonic() < deadline:
            last = yard.events.last(id_)
            snapshot = yard.engine.snapshot(id_)
            yard.mains.know(snapshot)
            if _was_started_elsewhere(yard, snapshot):
                _adopt(yard, container, stack, snapshot.started_at)
            if yard.watch.ended_at(id_) is not None:
                return
            if snapshot.finished:
                if not _is_told(yard, id_, _TOLD_BY_A_PROCESS if snapshot.direct else _TOLD):
                    yard.watch.take(_death(snapshot, yard.ahead))
                return
            if snapshot.status in {"running", "paused"} and yard.mains.runs(id_) is not False:
                return
            yard.events.wait(id_, _PAUSE, after=last)


def _was_started_elsewhere(yard: Yard, snapshot: Snapshot) -> bool:
    """Whether another worker has started it since the end that is known."""
    ended = yard.watch.ended_at(snapshot.id)
    return ended is not None and snapshot.started_at > ended


def _adopt(yard: Yard, container: Container, stack: str, at: float) -> None:
    yard.watch.runs_on(container.id)
    yard.journal.tell(
        Kind.SERVICE_ADOPTED,
        at=at,
        stack=stack,
        service=container.service,
        container=container.id,
        name=container.name,
    )


def _is_told(yard: Yard, container: str, within: float) -> bool:
    """Wait so many seconds until the engine has told of an end."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        if yard.watch.ended_at(container) is not None:
            return True
        time.sleep(_PAUSE)
    return False


def _death(snapshot: Snapshot, ahead: float) -> ContainerEvent:
    """Return the event of an end that nobody has told of."""
    at = snapshot.finished_at or time.time() + ahead
    attributes = {**snapshot.labels, "name": snapshot.name}
    return ContainerEvent(snapshot.id, "die", "", at, snapshot.exit_code, attributes)
