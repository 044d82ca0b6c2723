"""What happens to containers, and to what stands beside them."""

from __future__ import annotations

from collections.abc import Callable

from harness.engine.process.store import is_process
from harness.engine.protocol import AS_OF_NOW, ContainerEvent, Events


class MixedEvents:
    """Asks whom it concerns. The connection that can be lost is the Docker Engine's."""

    def __init__(self, containers: Events, processes: Events) -> None:
        self._containers = containers
        self._processes = processes

    @property
    def breaks(self) -> int:
        """How often the connection was lost."""
        return self._containers.breaks

    @property
    def lost(self) -> bool:
        """Whether the connection was lost, and is not there again."""
        return self._containers.lost

    def last(self, container: str) -> ContainerEvent | None:
        """Return what last changed the state of one, as far as is known."""
        return self._of(container).last(container)

    def wait(
        self, container: str, timeout: float, after: ContainerEvent | object | None = AS_OF_NOW
    ) -> bool:
        """Wait (seconds) until the state of one changes, or is not as ``after`` left it."""
        return self._of(container).wait(container, timeout, after)

    def ended(self, container: str) -> bool:
        """Whether one has died since its last start, as far as is known."""
        return self._of(container).ended(container)

    def subscribe(self, callback: Callable[[ContainerEvent], None]) -> Callable[[], None]:
        """Have every event told; return what ends that."""
        ends = [events.subscribe(callback) for events in (self._containers, self._processes)]

        def unsubscribe() -> None:
            for end in ends:
                end()

        return unsubscribe

    def close(self) -> None:
        """Stop listening."""
        self._containers.close()
        self._processes.close()

    def _of(self, container: str) -> Events:
        return self._processes if is_process(container) else self._containers
