"""What happens to containers, from the engine's events: told with whose wish it was."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from harness.engine.answers import SERVICE_LABEL
from harness.engine.events import STATE_CHANGES
from harness.engine.protocol import ContainerEvent
from harness.lease.labels import RUN, STACK, WORKER
from harness.observe.event import Kind
from harness.observe.journal import Journal

By = Literal["test", "harness"]


class ContainerEvents:
    """Enters the engine's events into the journal.

    What a test or the harness does to a container is asked for; a service that dies without is
    told as such. Of a run with several workers each tells what is its own, and what all share.
    """

    def __init__(self, journal: Journal, runs: Collection[str], ahead: float = 0.0) -> None:
        """Take the journal.

        Args:
            journal: The journal.
            runs: What the label of this run's containers may say: kept ones have another.
            ahead: Seconds that the engine's clock is ahead of this machine's.
        """
        self._journal = journal
        self._runs = runs
        self._ahead = ahead
        self._asked: dict[str, tuple[By, float]] = {}
        self._ended: dict[str, float] = {}
        self._lock = threading.Lock()

    def asked(self, containers: Iterable[str], by: By) -> None:
        """Somebody is about to stop, kill, pause or remove containers.

        It holds until they are started or thawed again. It is told before it is done, so that
        workers which see the death of a container that all share can know.

        Args:
            containers: Their ids.
            by: Who.
        """
        ids = [*containers]
        with self._lock:
            self._asked.update(dict.fromkeys(ids, (by, time.time())))
        if ids:
            self._journal.tell(Kind.CONTAINER_ASKED, containers=ids, by=by)

    def runs_on(self, container: str) -> None:
        """A container runs, whatever was asked for: what happens next is its own doing."""
        with self._lock:
            self._asked.pop(container, None)
            self._ended.pop(container, None)

    def asked_by(self, container: str) -> str:
        """Return who wanted a container to end, ``""`` for nobody."""
        with self._lock:
            return self._asked.get(container, ("", 0.0))[0]

    def ended_at(self, container: str) -> float | None:
        """Return when a container has ended, in seconds since the epoch.

        None if no end of it is in the journal, or one with a start since.
        """
        return self._ended.get(container)

    def take(self, event: ContainerEvent) -> None:
        """Enter an event of the engine, if it changes how a container is."""
        labels = event.attributes
        if event.action not in STATE_CHANGES or not self._is_ours(labels):
            return
        at = event.time - self._ahead
        by = self._whose(event, at)
        more: dict[str, Any] = {"exit_code": event.exit_code} if event.action == "die" else {}
        self._journal.tell(
            Kind.CONTAINER,
            at=at,
            stack=labels[STACK],
            service=labels.get(SERVICE_LABEL, ""),
            container=event.container,
            name=labels.get("name", ""),
            action=event.action,
            detail=event.detail,
            asked=by,
            **more,
        )
        self._remember(event, at)

    def _whose(self, event: ContainerEvent, at: float) -> str:
        """Return who has asked for an event; what happened sooner than that was its own doing."""
        with self._lock:
            by, since = self._asked.get(event.container, ("", 0.0))
            if at < since:
                return ""
            if event.action in {"start", "unpause", "destroy"}:
                self._asked.pop(event.container, None)
            return by

    def _remember(self, event: ContainerEvent, at: float) -> None:
        if event.action == "die":
            self._ended[event.container] = at
        elif event.action in {"start", "destroy"}:
            self._ended.pop(event.container, None)

    def _is_ours(self, labels: Mapping[str, str]) -> bool:
        """Whether a container is of this run, and no other worker's own."""
        worker = self._journal.worker
        return labels.get(RUN) in self._runs and labels.get(WORKER, worker) == worker
