"""What services did that fails a test which passed by itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from harness.model.fail_on import FailOn
from harness.observe.incidents import Incident, What, distance

THE_END = "the end of the test"
_WIDTH = 200  # characters of a line that a message shows


@dataclass(frozen=True, slots=True)
class Logged:
    """A line of a service's log that it must not write.

    Attributes:
        service: The service.
        at: When it was written, in seconds since the epoch.
        text: The line.
        pattern: The regular expression that was found in it.
        more: How many such lines follow it.
    """

    service: str
    at: float
    text: str
    pattern: str
    more: int = 0

    def told(self, moment: float, called: str) -> str:
        """Return it as a sentence without its end, with its distance from a moment."""
        text = self.text if len(self.text) <= _WIDTH else f"{self.text[:_WIDTH]}…"
        more = f", and {self.more} more such line{'s'[: self.more > 1]}" if self.more else ""
        return (
            f'{self.service} logged "{text}" (matches {self.pattern}) '
            f"{distance(moment - self.at, called)}{more}"
        )


Fault = Incident | Logged


def counts(incident: Incident, rule: FailOn) -> bool:
    """Whether what a service did is to fail a test."""
    memory = incident.out_of_memory and rule.oom
    match incident.what:
        case What.EXIT | What.REMOVED:
            return rule.exit or memory
        case What.RESTART:
            return rule.restart or memory
        case What.OOM:
            return rule.oom


def logged(service: str, log: str, rule: FailOn, since: float) -> Logged | None:
    """Return the first line of a log that is to fail a test, if there is one.

    Args:
        service: Whose log it is.
        log: The log; each line begins with its time, as the engine has it, and a blank.
        rule: What must not stand in it.
        since: From when on lines count, in seconds since the epoch.
    """
    found = [
        (at, text, pattern)
        for at, text in _lines(log)
        if at >= since and (pattern := _forbidden(text, rule))
    ]
    if not found:
        return None
    at, text, pattern = found[0]
    return Logged(service, at, text, pattern, len(found) - 1)


def _lines(log: str) -> Iterator[tuple[float, str]]:
    for line in log.splitlines():
        stamp, _, text = line.partition(" ")
        try:
            yield datetime.fromisoformat(stamp).timestamp(), text
        except ValueError:
            continue  # the rest of a line that the engine has cut in two


def _forbidden(text: str, rule: FailOn) -> str:
    if any(re.search(pattern, text) for pattern in rule.allow):
        return ""
    return next((pattern for pattern in rule.log if re.search(pattern, text)), "")


def told(faults: Iterable[Fault], end: float, places: Mapping[str, str]) -> str:
    """Return the message for a test that passed, and whose services did what they must not.

    Args:
        faults: What they did.
        end: When the test's body had ended, in seconds since the epoch.
        places: Where a compose file defines each service.
    """
    found = sorted(faults, key=lambda fault: fault.at)
    sentences = "\n".join(f"{fault.told(end, THE_END)}." for fault in found)
    return f"{sentences}\nThe test itself passed. {_advice(found, places)}"


def _advice(found: Sequence[Fault], places: Mapping[str, str]) -> str:
    services = dict.fromkeys(fault.service for fault in found)
    where = ", ".join(f"{name!r} ({places.get(name) or 'its compose file'})" for name in services)
    died = dict.fromkeys(f'"{f.service}"' for f in found if isinstance(f, Incident))
    lifted = (
        f"mark the test with @pytest.mark.services({', '.join(died)}, may_die=True), or "
        if died
        else ""
    )
    return (
        f"If that is as it should be, {lifted}say in `x-harness: {{fail_on: …}}` of {where} what "
        f"counts."
    )
