"""How a test's services were, as data and as text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from harness.observe.event import Event, Kind

GONE = "gone"
"""The status of a container that does not exist any more."""


@dataclass(frozen=True, slots=True)
class State:
    """How a container was. What is not known is None, or empty.

    Attributes:
        image: What it ran.
        status: The engine's word: running, exited, …; or ``GONE``.
        health: What is known of its health check: healthy, unhealthy, starting; None without one.
        exit_code: Its exit code, if it has ended.
        oom: Whether it, or a process in it, was killed for want of memory.
        restarts: How often its restart policy has started it again.
        memory_peak: The most memory that it had, in bytes.
        ports: Where its ports are: ``8080/tcp -> 127.0.0.1:20001``.
        stack: The project name of its stack.
        container: Its name.
    """

    image: str
    status: str
    health: str | None
    exit_code: int | None
    oom: bool
    restarts: int
    memory_peak: int | None
    ports: tuple[str, ...]
    stack: str
    container: str

    def data(self) -> dict[str, Any]:
        """Return it as a journal has it."""
        return {**asdict(self), "ports": [*self.ports]}


def health_of(events: Iterable[Event], container: str) -> str:
    """Return what is known of a container's health: by the engine, or by the harness's own look."""
    known = "starting"
    for event in events:
        if event.data.get("container") != container:
            continue
        if event.kind == Kind.SERVICE_WAIT and not event.begins and "error" not in event.data:
            known = "healthy"
        elif event.kind == Kind.CONTAINER and event.data.get("action") == "health_status":
            known = str(event.data.get("detail")) or known
    return known


def described(states: Mapping[str, State]) -> list[str]:
    """Return a line for each container."""
    width = max(map(len, states), default=0)
    return [f"{name:<{width}}  {_said(state)}" for name, state in states.items()]


def _said(state: State) -> str:
    parts = [_status(state), state.image]
    parts += state.ports
    if state.restarts:
        parts.append(f"restarted {'once' if state.restarts == 1 else f'{state.restarts} times'}")
    if state.memory_peak is not None:
        parts.append(f"memory peak {size(state.memory_peak)}")
    return ", ".join(filter(None, parts))


def _status(state: State) -> str:
    if state.exit_code is not None:
        memory = ", out of memory" if state.oom else ""
        return f"{state.status} (exit {state.exit_code}{memory})"
    more = f" ({state.health})" if state.health else ""
    return f"{state.status}{more}{', a process was killed: out of memory' if state.oom else ''}"


def size(count: int) -> str:
    """Return a number of bytes as text: ``3.5 MiB``."""
    return f"{count / 2**20:.1f} MiB" if count < 2**30 else f"{count / 2**30:.1f} GiB"
