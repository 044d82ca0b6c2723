"""What the text of a setting means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import SettingError
from harness.model.budget import Budget, budget
from harness.model.fail_on import FailOn

if TYPE_CHECKING:
    from ipaddress import IPv4Network


def convert(value: tuple[Any, str], to: Callable[[Any], Any], wanted: str) -> Any:
    """Return what a value means.

    Args:
        value: The value, and the words for where it was set.
        to: Reads it; raises ``ValueError`` for what makes no sense.
        wanted: The words for what makes sense.

    Raises:
        SettingError: It makes no sense.
    """
    raw, where = value
    try:
        return to(raw)
    except ValueError:
        found = ", ".join(raw) if isinstance(raw, list) else raw
        raise SettingError(f"{where}: {found!r} is not {wanted}") from None


def ranges(text: str) -> tuple[IPv4Network, ...] | None:
    """Read where subnets come from; None for `auto`, nothing for `none`."""
    if text.strip() in {"auto", "none"}:
        return None if text.strip() == "auto" else ()
    from ipaddress import IPv4Network

    ranges = tuple(IPv4Network(part.strip()) for part in text.split(","))
    if any(r.prefixlen > 28 for r in ranges):
        raise ValueError(text)
    return ranges


def budget_or_none(value: object) -> Budget | None:
    """Read a budget; False stands for a key that nobody set."""
    return None if value is False else budget(value)


def history_file(root: Path, chosen: Path | None) -> Path | None:
    """Return the file of earlier runs; None where the user wants none."""
    if chosen is None:
        return root / ".harness" / "history"
    return None if chosen.name == "none" else chosen


def what_fails(text: str, where: str) -> FailOn:
    """Read what a service must not do while a test runs.

    Raises:
        SettingError: It makes no sense.
    """
    if text == "exit":
        return FailOn()
    from harness.plan.fail_on import read_fail_on

    try:
        return read_fail_on(text)
    except ValueError as error:
        raise SettingError(f"{where}: {text!r} cannot be used: {error}") from None


def one_of(*words: str) -> Callable[[str], str]:
    """Return what reads one of these words."""

    def convert(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return convert


def names(value: object) -> tuple[str, ...]:
    """Read names, comma-separated, of one text or several; each once."""
    texts = value if isinstance(value, list) else [value or ""]
    parts = (part.strip() for text in texts for part in str(text).split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def places(value: object) -> dict[str, str]:
    """Read services with their addresses; a service has one."""
    found: dict[str, str] = {}
    for entry in names(value):
        name, equals, address = entry.partition("=")
        if not (name and equals and address) or found.setdefault(name, address) != address:
            raise ValueError(value)
    return found


def boolean(value: object) -> bool:
    """Read a switch, in any of the words that are in use for it."""
    text = str(value).strip().lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError(text)


def count(value: object) -> int | None:
    """Read a number; False stands for a key that nobody set."""
    if value is False:
        return None
    number = int(str(value))
    if number < 0:
        raise ValueError(value)
    return number
