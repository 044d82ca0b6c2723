"""What the engine tells of a run's containers, as it happens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from harness.engine.docker import DockerEngine
from harness.engine.events import EventStream, RawStream
from harness.engine.protocol import ContainerEvent

from ..eventually import eventually
from .lab import Lab

PATIENCE = 30  # seconds until a wait that should end at once counts as hung


class Streams:
    """Opens streams of a run's events, and keeps what was opened."""

    def __init__(self, lab: Lab) -> None:
        self.engine = DockerEngine()
        self.opened: list[Any] = []
        self._filters = {"label": [f"{k}={v}" for k, v in lab.labels.items()]}

    def __call__(self, since: int) -> RawStream:
        stream = self.engine.client.events(since=since, filters=self._filters, decode=True)
        self.opened.append(stream)
        return stream


@pytest.fixture
def streams(lab: Lab) -> Iterator[Streams]:
    lab.compose("""
    services:
      app: {<<: *sleeper, init: true}
      job: {<<: *sleeper, command: sh -c 'sleep 2; exit 3', x-harness: {ready: {exit: 3}}}
    """)
    made = Streams(lab)
    yield made
    made.engine.close()


@pytest.fixture
def events(streams: Streams) -> Iterator[EventStream]:
    made = EventStream(streams)
    yield made
    made.close()
    assert "harness-events" not in {t.name for t in threading.enumerate() if made_by(t, made)}


def made_by(thread: threading.Thread, stream: EventStream) -> bool:
    return getattr(getattr(thread, "_target", None), "__self__", None) is stream


def broken(event: ContainerEvent) -> None:
    raise RuntimeError(event.action)


def test_a_death_is_told_to_who_waits(lab: Lab, events: EventStream) -> None:
    app = lab.container("app")
    eventually(lambda: events.last(app.id))
    assert not events.ended(app.id)
    before = events.last(app.id)
    app.kill()
    assert events.wait(app.id, PATIENCE, after=before)
    eventually(lambda: events.ended(app.id))
    last = events.last(app.id)
    assert last is not None
    assert (last.action, last.exit_code) == ("die", 137)


def test_what_happened_before_the_question_is_not_slept_through(
    lab: Lab, events: EventStream
) -> None:
    app = lab.container("app")
    assert events.wait(app.id, PATIENCE, after=None)
    assert not events.wait(app.id, 0.01)


def test_a_container_that_was_started_again_has_not_ended(lab: Lab, events: EventStream) -> None:
    app = lab.container("app")
    app.kill()
    eventually(lambda: events.ended(app.id))
    app.start()
    eventually(lambda: not events.ended(app.id))
    lab.fleet.close()
    eventually(lambda: events.ended(app.id))


def test_every_event_is_told_to_who_subscribed(lab: Lab, events: EventStream) -> None:
    told: list[ContainerEvent] = []
    unsubscribe = events.subscribe(told.append)
    events.subscribe(broken)  # which is nobody else's trouble
    app = lab.container("app")
    app.exec(["true"])
    app.pause()
    app.unpause()
    seen = eventually(lambda: [e.action for e in told], until=lambda a: "unpause" in a)
    assert [a for a in seen if not a.startswith("exec")] == ["create", "start", "pause", "unpause"]
    assert "exec_start" in seen
    assert all(e.container == app.id and e.time > 0 for e in told)
    assert told[0].attributes["com.docker.compose.service"] == "app"
    unsubscribe()
    count = len(told)
    app.kill()
    eventually(lambda: events.ended(app.id))
    assert len(told) == count


def test_a_stream_that_breaks_is_opened_again_and_tells_nothing_twice(
    lab: Lab, streams: Streams, events: EventStream
) -> None:
    told: list[str] = []
    events.subscribe(lambda event: told.append(event.action))
    app = lab.container("app")
    eventually(lambda: told == ["create", "start"])
    streams.opened[0].close()
    app.pause()
    app.unpause()
    eventually(lambda: len(streams.opened) > 1)
    eventually(lambda: "unpause" in told)
    assert told == ["create", "start", "pause", "unpause"]


def test_a_long_silence_does_not_cut_the_stream(
    lab: Lab, streams: Streams, events: EventStream
) -> None:
    streams.engine.client.timeout = 1  # other calls may take no longer
    job = lab.container("job")
    eventually(lambda: events.ended(job.id))
    assert job.exit_code == 3
    assert len(streams.opened) == 1


def test_a_closed_stream_is_not_opened_again(lab: Lab, streams: Streams) -> None:
    events = EventStream(streams)
    events.close()
    app = lab.container("app")
    assert not events.wait(app.id, 0.01)
    assert (events.last(app.id), streams.opened) == (None, [])


def test_readiness_goes_on_without_any_event(lab: Lab, streams: Streams) -> None:
    lab.yard.events.close()
    assert lab.container("app").status == "running"
    assert lab.container("job").exit_code == 3
