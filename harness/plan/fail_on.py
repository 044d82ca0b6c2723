"""``fail_on``: what a service must not do while a test runs, for the run or for one service."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.model.fail_on import FailOn
from harness.model.project import Service
from harness.plan.section import Value, check_keys

_SWITCHES = ("exit", "oom", "restart")
_PATTERNS = ("log", "allow")
FAIL_ON_KEYS = (*_SWITCHES, *_PATTERNS)
_WANTED = (
    "exit, oom or restart, a list of these, none, or a mapping such as "
    "{exit: true, log: [ERROR], allow: [ERROR ignored]}"
)
_NOTHING: Mapping[str, bool | tuple[str, ...]] = FailOn(exit=False)._asdict()

Said = Mapping[str, bool | tuple[str, ...]]
"""What somebody says of some keys of ``FailOn``; of the others he says nothing."""


def parse_fail_on(value: Value) -> Said:
    """Read a ``fail_on``.

    A word or a list says all of it: what it does not name is off. A mapping says something of the
    keys that it has.

    Raises:
        SettingError: It makes no sense.
    """
    if value.open:
        return {}
    if isinstance(value.found, Mapping):
        check_keys(value.found, FAIL_ON_KEYS, value.called)
        return {
            key: _switch(value.below(key, found))
            if key in _SWITCHES
            else _patterns(value.below(key, found))
            for key, found in value.found.items()
        }
    words = [one for one in value.each() if not one.open]
    if value.found == "none":
        return _NOTHING
    for word in words:
        if word.found in _PATTERNS:
            raise word.wrong(f"a word; patterns stand in a mapping: {{{word.found}: [ERROR]}}")
        if word.found not in _SWITCHES:
            raise word.wrong(_WANTED)
    return {**_NOTHING, **{str(word.found): True for word in words}}


def _switch(value: Value) -> bool:
    if value.open or value.true:
        return True
    if value.found is False or (not value.written and value.found == "false"):
        return False
    raise value.wrong("true or false")


def _patterns(value: Value) -> tuple[str, ...]:
    wanted = "a regular expression, or a list of them"
    patterns = [one.text(wanted, "") for one in value.each() if not one.open]
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise value.wrong(f"{wanted} ({pattern!r}: {error})") from None
    return tuple(patterns)


def fail_on_of(service: Service, run: FailOn) -> FailOn:
    """Return what counts for a resolved service: its own word before the run's, key by key.

    Raises:
        SettingError: Its own makes no sense.
    """
    if "fail_on" not in service.harness:
        return run
    where = f"{service.place}: " if service.place else ""
    said = parse_fail_on(
        Value(service.harness["fail_on"], f"{where}x-harness.fail_on", written=False)
    )
    return run._replace(**said)  # type: ignore[arg-type]


def read_fail_on(text: str) -> FailOn:
    """Read what is set for the run: what ``x-harness: {fail_on: …}`` takes, as YAML.

    Words may be separated by commas.

    Raises:
        ValueError: It is no YAML, or makes no sense; the text says why.
    """
    import yaml

    from harness.errors import SettingError

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"it is no YAML: {error}") from None
    if isinstance(found, str):
        words = [word.strip() for word in found.split(",")]
        found = words if len(words) > 1 else words[0]
    try:
        said = parse_fail_on(Value(found, "it", written=False))
    except SettingError as error:
        raise ValueError(str(error)) from None
    return FailOn()._replace(**said)  # type: ignore[arg-type]
