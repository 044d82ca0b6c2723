"""What happened to containers, as lines that stand in their logs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.observe.anomaly import FAILED
from harness.observe.event import Event, Kind
from harness.observe.incidents import Incident, What
from harness.observe.lines import Line

_SAID = {
    "pause": "paused",
    "unpause": "went on",
    "oom": "a process was killed, out of memory",
    "destroy": "removed",
}


def notes(
    events: Iterable[Event], labels: Mapping[str, str], incidents: Iterable[Incident]
) -> list[Line]:
    """Return what happened to containers that is worth a line among what they wrote.

    Args:
        events: Events of a run, in time order.
        labels: What the containers are called, by their ids.
        incidents: What they did unasked.
    """
    unasked = {(i.container, round(i.at, 6)): i for i in incidents if i.what is not What.OOM}
    started: set[str] = set()
    services: Mapping[str, Mapping[str, Any]] = {}
    found = []
    for event in events:
        if event.kind == Kind.PROJECT:
            services = event.data.get("services") or {}
        container = str(event.data.get("container", ""))
        if event.kind != Kind.CONTAINER or container not in labels:
            continue
        if event.data.get("asked") == "harness":
            continue  # it is being removed, or replaced
        action = str(event.data.get("action"))
        text = _SAID.get(action, "")
        if action == "die":
            may = services.get(event.service, {}).get("ends_with")
            text = _death(event.data, unasked.get((container, round(event.at, 6))), may)
        elif action == "start":
            text = "started again" if container in started else ""
            started.add(container)
        if text:
            found.append(Line(event.at, labels[container], f"[{text}]", note=True))
    return found


def _death(data: Mapping[str, object], incident: Incident | None, may_end_with: object) -> str:
    code = data.get("exit_code")
    if incident is not None:
        memory = ", out of memory" if incident.out_of_memory else ""
        return f"{FAILED[1:]}, exit {code}{memory}"
    if not data.get("asked") and code not in (0, may_end_with):  # before it was ready
        return f"{FAILED[1:]}, exit {code}"
    by = " by the test" if data.get("asked") == "test" else ""
    return f"ended{by}, exit {code}"
