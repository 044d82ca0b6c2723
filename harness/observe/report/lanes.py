"""The lanes of the timeline: what each stack's containers did, and which stacks share one. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from harness.observe.event import Event, Kind
from harness.observe.incidents import Incident
from harness.observe.report.model import Bar, Lane, Mark, Phase, Row, StackLife
from harness.observe.report.spans import Span

Uses = Mapping[str, Sequence[tuple[float, float, int]]]

_REPLICA = re.compile(r"-(\d+)$")
_PHASES = {Kind.SERVICE_START: Phase.START, Kind.SERVICE_WAIT: Phase.WAIT}


def stack_lives(
    found: Iterable[Span],
    events: Iterable[Event],
    incidents: Iterable[Incident],
    uses: Uses,
    lives: Mapping[str, str],
    until: float,
) -> list[StackLife]:
    """Return the life of each stack of a run, in time order.

    Args:
        found: What lasted, by its begin.
        events: The run's events, in time order.
        incidents: What services did unasked.
        uses: When tests used each stack.
        lives: How long each stack was to live.
        until: When the run ended.
    """
    by_stack: defaultdict[str, list[Span]] = defaultdict(list)
    for span in found:
        if span.event.stack:
            by_stack[span.event.stack].append(span)
    ends = _ends(events)
    marks: defaultdict[tuple[str, str], list[Mark]] = defaultdict(list)
    for incident in incidents:
        marks[incident.stack, incident.container].append(Mark(incident.at, incident.told()))
    stacks = [
        _life(name, spans, ends, marks, uses.get(name, ()), lives.get(name, ""), until)
        for name, spans in by_stack.items()
    ]
    return sorted(stacks, key=lambda stack: stack.begin)


def _ends(events: Iterable[Event]) -> dict[str, list[float]]:
    """Return when each container ended or was removed."""
    ends: defaultdict[str, list[float]] = defaultdict(list)
    for event in events:
        if event.kind == Kind.CONTAINER and event.data.get("action") in {"die", "destroy"}:
            ends[str(event.data.get("container", ""))].append(event.at)
    return ends


def _life(
    name: str,
    spans: Sequence[Span],
    ends: Mapping[str, Sequence[float]],
    marks: Mapping[tuple[str, str], Sequence[Mark]],
    uses: Sequence[tuple[float, float, int]],
    life: str,
    until: float,
) -> StackLife:
    whole = [span for span in spans if span.kind in {Kind.STACK_CREATE, Kind.STACK_RESET}]
    removal = next((span for span in reversed(spans) if span.kind == Kind.STACK_REMOVE), None)
    gone = removal.begin if removal else until
    containers: defaultdict[tuple[str, str], list[Span]] = defaultdict(list)
    for span in spans:
        if span.kind in _PHASES:
            containers[span.event.service, _label(span)].append(span)
    for service in {s for span in whole for s in span.data.get("services", ())}:
        if not any(known == service for known, _ in containers):
            containers[service, service] = []  # one that was created, and got no further
    rows = tuple(
        Row(
            label,
            service,
            (
                *_whole(whole, service),
                *_bars(own, ends, gone),
                *([Bar(Phase.STOP, gone, removal.end, removal.error)] if removal else []),
            ),
            tuple(m for c in _containers(own) for m in marks.get((name, c), ())),
        )
        for (service, label), own in sorted(containers.items())
    )
    workers = {span.event.worker for span in spans}
    return StackLife(
        name,
        workers.pop() if len(workers) == 1 and life != "run" else "",
        min(span.begin for span in spans),
        max([gone, *(span.end for span in spans)]),
        life,
        rows,
        tuple(uses),
    )


def _label(span: Span) -> str:
    """Return the name of a row: the service, and which of its replicas if it is not the first."""
    number = _REPLICA.search(str(span.data.get("name", "")))
    replica = f" {number[1]}" if number and number[1] != "1" else ""
    return f"{span.event.service}{replica}"


def _containers(spans: Iterable[Span]) -> list[str]:
    return list(dict.fromkeys(str(span.data.get("container", "")) for span in spans))


def _whole(spans: Iterable[Span], service: str) -> list[Bar]:
    """Return what was done to all services of a stack together."""
    return [
        Bar(
            Phase.CREATE if span.kind == Kind.STACK_CREATE else Phase.RESET,
            span.begin,
            span.end,
            span.error,
        )
        for span in spans
        if service in span.data.get("services", ())
    ]


def _bars(spans: Sequence[Span], ends: Mapping[str, Sequence[float]], gone: float) -> list[Bar]:
    """Return the bars of a container, in time order: also what it was between waiting and end."""
    bars: list[Bar] = []
    for index, span in enumerate(spans):
        bars.append(Bar(_PHASES[Kind(span.kind)], span.begin, span.end, span.error))
        if span.kind != Kind.SERVICE_WAIT or span.error or not span.finished:
            continue
        following = spans[index + 1].begin if index + 1 < len(spans) else gone
        died = (at for at in ends.get(str(span.data.get("container", "")), ()) if at >= span.begin)
        # one that ends well by itself, a migration, may have done so before it was looked at
        end = max(min([following, gone, *died]), span.end)
        bars.append(Bar(Phase.UP, span.end, end))
    return bars


def pack(stacks: Iterable[StackLife]) -> tuple[Lane, ...]:
    """Return lanes: stacks that follow each other share one, the longer-lived have theirs alone.

    Args:
        stacks: The stacks of a worker, in time order.
    """
    lanes: list[list[StackLife]] = []
    free: list[list[StackLife]] = []
    for stack in stacks:
        if stack.life not in {"", "test"}:
            lanes.append([stack])
            continue
        lane = next((lane for lane in free if lane[-1].end <= stack.begin), None)
        if lane is None:
            lane = []
            free.append(lane)
        lane.append(stack)
    return tuple(Lane(_labels(lane), tuple(lane)) for lane in [*lanes, *free])


def _labels(stacks: Iterable[StackLife]) -> tuple[str, ...]:
    return tuple(sorted({row.label for stack in stacks for row in stack.rows}))
