"""The engine's events about the containers of a run, as they happen.

One connection to ``GET /events`` (Engine API), read by a thread. It tells of a death at once,
where polling would be late by half its pause, and answers without a call to the engine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from harness.engine.protocol import AS_OF_NOW, ContainerEvent

# Events after which a container is no longer what it was. What the harness itself causes while it
# waits (``exec_start`` and its like) is not among them: it would wake itself up.
STATE_CHANGES = frozenset(
    {"start", "die", "oom", "restart", "pause", "unpause", "destroy", "health_status"}
)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0  # seconds between two tries to open the stream again
_PATIENCE = 2.0  # seconds for the thread to end
_NANOSECOND = 1e-9


class RawStream(Protocol):
    """An open stream of decoded events, as the SDK gives it."""

    def __iter__(self) -> Iterator[Any]:
        """Yield each event of the engine as it comes."""

    def close(self) -> None:
        """End it; whoever iterates stops."""


class EventStream:
    """The events of containers, read by a thread from the first question on.

    A stream that breaks is opened again, and the engine repeats what came in between (it keeps
    the last 256 events of all containers). An event may be missed all the same: whoever waits
    must look for himself now and then.
    """

    def __init__(self, connect: Callable[[int], RawStream]) -> None:
        """Connect to nothing yet.

        Args:
            connect: Opens a stream of the events from a time on (epoch seconds).
        """
        self._connect = connect
        self._changed = threading.Condition()
        self._last: dict[str, ContainerEvent] = {}
        self._ended: set[str] = set()
        self._callbacks: list[Callable[[ContainerEvent], None]] = []
        self._newest = 0  # nanoseconds, by the engine's clock
        self._thread: threading.Thread | None = None
        self._stream: RawStream | None = None
        self._connected = False
        self._breaks = 0
        self._closed = threading.Event()

    @property
    def breaks(self) -> int:
        """How often the connection was lost: each time the engine may have been restarted."""
        self._start()
        return self._breaks

    @property
    def lost(self) -> bool:
        """Whether the connection was lost, and is not there again."""
        return self._breaks > 0 and not self._connected

    def last(self, container: str) -> ContainerEvent | None:
        """Return what last changed the state of a container, as far as the stream has told."""
        self._start()
        with self._changed:
            return self._last.get(container)

    def wait(
        self, container: str, timeout: float, after: ContainerEvent | object | None = AS_OF_NOW
    ) -> bool:
        """Wait until the state of a container changes.

        Args:
            container: Its id.
            timeout: Seconds to wait.
            after: What ``last`` said before the caller looked for himself, so that nothing
                that happened in between is slept through. Else only what is yet to come counts.

        Returns:
            Whether it changed.
        """
        self._start()
        with self._changed:
            known = self._last.get(container) if after is AS_OF_NOW else after
            return self._changed.wait_for(lambda: self._last.get(container) is not known, timeout)

    def ended(self, container: str) -> bool:
        """Whether a container has died since its last start, as far as the stream has told."""
        self._start()
        with self._changed:
            return container in self._ended

    def subscribe(self, callback: Callable[[ContainerEvent], None]) -> Callable[[], None]:
        """Have every event told from now on, by the stream's own thread.

        Args:
            callback: Called with each; it must be quick, and what it raises is dropped.

        Returns:
            What ends the subscription.
        """
        with self._changed:
            self._callbacks.append(callback)
        self._start()

        def unsubscribe() -> None:
            with self._changed, suppress(ValueError):
                self._callbacks.remove(callback)

        return unsubscribe

    def close(self) -> None:
        """End the thread and its connection."""
        with self._changed:
            self._closed.set()
            thread, stream = self._thread, self._stream
        if stream is not None:
            _close(stream)
        if thread is not None:
            thread.join(_PATIENCE)

    def _start(self) -> None:
        with self._changed:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(
                    target=self._run, name="harness-events", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._closed.is_set():
            newest = self._newest
            with suppress(Exception):  # whatever broke it: polling goes on, and it is opened again
                self._read()
            self._ended_or_broke()
            pause = _FIRST_PAUSE if self._newest > newest else min(pause * 2, _LONGEST_PAUSE)
            self._closed.wait(pause)

    def _ended_or_broke(self) -> None:
        if self._connected and not self._closed.is_set():
            self._breaks += 1
        self._connected = False

    def _read(self) -> None:
        """Read one connection's events to its end."""
        known = self._newest
        # from the beginning of time: the first event must not be lost while the stream opens
        stream = self._connect(max(1, int(known * _NANOSECOND)))
        with self._changed:
            self._stream = stream
        self._connected = True
        if self._closed.is_set():
            _close(stream)
        for raw in stream:
            if raw.get("timeNano", 0) > known:  # else the engine repeats what was told
                self._take(raw)

    def _take(self, raw: Mapping[str, Any]) -> None:
        event = _event(raw)
        with self._changed:
            self._newest = max(self._newest, raw.get("timeNano", 0))
            callbacks = tuple(self._callbacks)
            if event.action in STATE_CHANGES:
                if event.action in {"die", "destroy"}:
                    self._ended.add(event.container)
                elif event.action == "start":
                    self._ended.discard(event.container)
                # a run has thousands of containers: of those that are gone little is kept
                kept = replace(event, attributes={}) if event.action == "destroy" else event
                self._last[event.container] = kept
                self._changed.notify_all()
        for callback in callbacks:
            with suppress(Exception):
                callback(event)


def _event(raw: Mapping[str, Any]) -> ContainerEvent:
    """Read one event (Engine API, ``EventMessage``)."""
    action, _, detail = str(raw["Action"]).partition(": ")
    attributes = raw["Actor"].get("Attributes") or {}
    code = str(attributes.get("exitCode", ""))
    return ContainerEvent(
        container=raw["Actor"]["ID"],
        action=action,
        detail=detail,
        time=raw.get("timeNano", 0) * _NANOSECOND,
        exit_code=int(code) if code.lstrip("-").isdigit() else None,
        attributes=attributes,
    )


def _close(stream: RawStream) -> None:
    """Close a stream; one over SSH cannot be, and ends with its client."""
    with suppress(Exception):
        stream.close()
