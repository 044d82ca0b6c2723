"""What happens to processes, as their states tell it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from harness.engine.process.store import Made, State, Store
from harness.engine.protocol import AS_OF_NOW, ContainerEvent
from harness.errors import ContainerGoneError

_LOOK = 0.02  # seconds between two looks at what another worker's processes do


class ProcessEvents:
    """The latest event of each process is in its state, which every worker reads.

    What this process does is told at once; what others do is seen by whoever waits for it.
    """

    breaks = 0
    lost = False

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changed = threading.Condition()
        self._known: dict[str, tuple[object, ContainerEvent | None]] = {}
        self._callbacks: list[Callable[[ContainerEvent], None]] = []

    def tell(self, made: Made, state: State) -> None:
        """Tell what has just happened; a forwarder is no service, and nobody is told of it."""
        event = _event(made.id, state, made)
        with self._changed:
            callbacks = () if made.forwards else tuple(self._callbacks)
            self._changed.notify_all()
        for callback in callbacks:
            with suppress(Exception):
                callback(event)

    def last(self, container: str) -> ContainerEvent | None:
        """Return what last changed the state; the same object as long as nothing did."""
        version = self._store.version(container)
        with self._changed:
            known = self._known.get(container)
            if known and known[0] == version:
                return known[1]
        event: ContainerEvent | None = None
        try:
            state = self._store.state(container)
            if state.action:
                event = _event(container, state)
        except ContainerGoneError:
            before = known[1] if known else None
            if before is not None and before.action == "destroy":
                event = before
            else:
                event = ContainerEvent(container, "destroy", "", time.time(), None, {})
        with self._changed:
            now = self._known.get(container)
            if now and now[1] == event:
                event = now[1]  # nothing but what is no event has changed
            self._known[container] = version, event
        return event

    def wait(
        self, container: str, timeout: float, after: ContainerEvent | object | None = AS_OF_NOW
    ) -> bool:
        """Wait until the state changes, or is not as ``after`` left it."""
        known = self.last(container) if after is AS_OF_NOW else after
        deadline = time.monotonic() + timeout
        while self.last(container) is known:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            with self._changed:
                self._changed.wait(min(left, _LOOK))
        return True

    def ended(self, container: str) -> bool:
        """Whether it has ended since its last start."""
        event = self.last(container)
        return event is not None and event.action in {"die", "destroy"}

    def subscribe(self, callback: Callable[[ContainerEvent], None]) -> Callable[[], None]:
        """Have every event of this process told."""
        with self._changed:
            self._callbacks.append(callback)

        def unsubscribe() -> None:
            with self._changed, suppress(ValueError):
                self._callbacks.remove(callback)

        return unsubscribe

    def close(self) -> None:
        """There is nothing to be closed."""


def _event(container: str, state: State, made: Made | None = None) -> ContainerEvent:
    attributes = {**made.labels, "name": made.name} if made else {}
    code = state.exit_code if state.action == "die" else None
    return ContainerEvent(container, state.action, "", state.moment, code, attributes)
