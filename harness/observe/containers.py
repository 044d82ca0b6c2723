"""What happens to containers, from the engine's events: told with whose wish it was."""

from __future__ import annotations

import threading
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

    def __init__(self, journal: Journal, runs: Collection[str]) -> None:
        """Take the journal.

        Args:
            journal: The journal.
            runs: What the label of this run's containers may say: kept ones have another.
        """
        self._journal = journal
        self._runs = runs
        self._asked: dict[str, By] = {}
        self._lock = threading.Lock()

    def asked(self, containers: Iterable[str], by: By) -> None:
        """Somebody is about to stop, kill, pause or remove containers.

        It holds until they are started again.

        Args:
            containers: Their ids.
            by: Who.
        """
        with self._lock:
            self._asked.update(dict.fromkeys(containers, by))

    def asked_by(self, container: str) -> str:
        """Return who wanted a container to end, ``""`` for nobody."""
        with self._lock:
            return self._asked.get(container, "")

    def take(self, event: ContainerEvent) -> None:
        """Enter an event of the engine, if it changes how a container is."""
        labels = event.attributes
        if event.action not in STATE_CHANGES or not self._is_ours(labels):
            return
        with self._lock:
            asked = self._asked.get(event.container, "")
            if event.action in {"start", "destroy"}:
                self._asked.pop(event.container, None)
        more: dict[str, Any] = {"exit_code": event.exit_code} if event.action == "die" else {}
        self._journal.tell(
            Kind.CONTAINER,
            at=event.time,
            stack=labels[STACK],
            service=labels.get(SERVICE_LABEL, ""),
            container=event.container,
            name=labels.get("name", ""),
            action=event.action,
            detail=event.detail,
            asked=asked,
            **more,
        )

    def _is_ours(self, labels: Mapping[str, str]) -> bool:
        """Whether a container is of this run, and no other worker's own."""
        worker = self._journal.worker
        return labels.get(RUN) in self._runs and labels.get(WORKER, worker) == worker
