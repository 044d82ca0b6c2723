"""The verdict: what services did that may be why a test failed, in a few sentences. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from harness.observe.access import Answer, answer_of
from harness.observe.event import Event, Kind
from harness.observe.incidents import Incident, What
from harness.observe.lines import Line

_WORDS = ("no", "once", "twice", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SERVER_ERROR = 500
# seconds: a line is stamped when it is read, and that is after whoever was answered has it
_STAMPED_LATE = 0.25
# what a database says to whoever connects too soon (PostgreSQL, errcodes 57P03)
_STARTING = re.compile(r"FATAL: +the database system is (?:starting up|not yet accepting)")
_ORDER = (What.EXIT, What.RESTART, What.OOM)


def verdict(
    incidents: Sequence[Incident],
    starting: Collection[str],
    answers: Iterable[str],
    moment: float,
    called: str,
) -> list[str]:
    """Return what is worth saying, the most telling first.

    Args:
        incidents: What services did unasked. That one was removed is told by who looks for it.
        starting: The services that were still starting.
        answers: What ``bad_answers`` found.
        moment: When the test failed, in seconds since the epoch.
        called: What that moment is called.
    """
    told = [i for what in _ORDER for i in incidents if i.what is what]
    died = {i.service for i in told if i.what is What.EXIT}
    return [
        *(incident.told(moment, called) for incident in told),
        *(f"{service} was still starting" for service in starting if service not in died),
        *answers,
    ]


def ready_times(events: Iterable[Event], labels: Mapping[str, str]) -> dict[str, float]:
    """Return when containers were first ready, by what they are called.

    Args:
        events: Events of a run, in time order.
        labels: What containers are called, by their ids. One that was never ready has no time.
    """
    found: dict[str, float] = {}
    for event in events:
        ended = event.kind == Kind.SERVICE_WAIT and not event.begins and "error" not in event.data
        if ended and (label := labels.get(str(event.data.get("container")))):
            found.setdefault(label, event.at)
    return found


def still_starting(
    events: Iterable[Event],
    lines: Iterable[Line],
    containers: Collection[str],
    ready: Mapping[str, float],
    span: tuple[float, float],
) -> list[str]:
    """Return the services that were waited for when a test failed, or said that they start.

    Args:
        events: Events of a run, in time order.
        lines: What the services wrote.
        containers: The containers that count.
        ready: When each service was first ready.
        span: When the test began and when it failed, in seconds since the epoch.
    """
    waits: dict[str, str] = {}
    for event in events:
        container = str(event.data.get("container", ""))
        if event.at <= span[1] and container in containers and event.kind == Kind.SERVICE_WAIT:
            if event.begins:
                waits[container] = event.service
            else:
                waits.pop(container, None)
    said = (
        line.service
        for line in lines
        if line.service in ready
        and max(ready[line.service], span[0]) <= line.at <= span[1]
        and _STARTING.search(line.text)
    )
    return [*dict.fromkeys([*waits.values(), *said])]


def bad_answers(
    lines: Iterable[Line], ready: Mapping[str, float], span: tuple[float, float]
) -> list[str]:
    """Say which services answered with a server's error while a test ran, and how often.

    Args:
        lines: What the services wrote.
        ready: When each was ready: what it answered before is its start's affair.
        span: When the test began and when it failed, in seconds since the epoch.
    """
    found: dict[str, list[Answer]] = {}
    for line in lines:
        since = max(span[0], ready.get(line.service, 0.0))
        if not line.note and since <= line.at <= span[1] + _STAMPED_LATE:
            answer = answer_of(line.text)
            if answer and answer.status >= _SERVER_ERROR:
                found.setdefault(line.service, []).append(answer)
    return [_answered(service, answers) for service, answers in found.items()]


def _answered(service: str, answers: Sequence[Answer]) -> str:
    counts = Counter(answer.status for answer in answers).most_common()
    said = " and ".join(f"{status} {_times(count)}" for status, count in counts)
    requests = {answer.request for answer in answers}
    what = f" ({requests.pop()})" if len(requests) == 1 else ""
    return f"{service} answered {said} during this test{what}"


def _times(count: int) -> str:
    word = _WORDS[count] if count < len(_WORDS) else str(count)
    return word if count in {1, 2} else f"{word} times"
