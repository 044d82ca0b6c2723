"""What a container asks of its engine, with an engine that only answers."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from harness import container as room
from harness.container import Container, Control
from harness.errors import EngineRefusedError


@dataclass
class Answers:
    """An engine that says of its one container what it is given to say."""

    statuses: Iterator[str]
    asked: list[Any] = field(default_factory=list)
    id: str = "1"
    name: str = "stack-app-1"
    number: int = 1

    @property
    def status(self) -> str:
        return next(self.statuses)

    def snapshot(self, container: str) -> Answers:
        return self

    def kill(self, container: str, signal: str) -> None:
        self.asked.append(signal)

    def logs(self, container: str, since: float | None) -> str:
        self.asked.append(since)
        return ""


def container_of(engine: Answers) -> Container:
    control = Control(cast(Any, engine), *[cast(Any, lambda *_: None)] * 5)
    return Container(control, cast(Any, None), cast(Any, engine))


def forever(status: str) -> Iterator[str]:
    while True:
        yield status


@pytest.mark.parametrize("since", [0, 0.0, -5, datetime.fromtimestamp(0, UTC), None])
def test_logs_since_the_epoch_are_all_of_them(since: Any) -> None:
    engine = Answers(forever("running"))
    container_of(engine).logs(since=since)
    assert engine.asked == [None]


def test_logs_since_a_moment_begin_there() -> None:
    engine = Answers(forever("running"))
    container_of(engine).logs(since=0.5)
    assert engine.asked == [0.5]


def test_a_kill_waits_until_the_container_has_ended() -> None:
    statuses = iter(["running", "running", "exited"])
    container_of(Answers(statuses)).kill("KILL")
    assert next(statuses, None) is None


def test_a_kill_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_KILL_DEADLINE", 0.02)
    app = container_of(Answers(forever("running")))
    with pytest.raises(EngineRefusedError) as caught:
        app.kill()
    assert "wanted container stack-app-1 to end; 0.02 s after SIGKILL" in str(caught.value)
    assert "the engine still says 'running'" in str(caught.value)


def test_another_signal_is_sent_and_not_waited_for() -> None:
    engine = Answers(forever("running"))
    container_of(engine).kill("SIGHUP")
    assert engine.asked == ["SIGHUP"]


def test_no_copy_doubles_a_container() -> None:
    app = container_of(Answers(forever("running")))
    assert copy.deepcopy([app]) == [app]
