"""What the sections of ``x-harness`` have in common, wherever they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.errors import SettingError, nearest
from harness.model.project import unescaped


def is_open(value: object) -> bool:
    """Whether a value has a variable in it, which Compose has still to resolve."""
    return isinstance(value, str) and "$" in value


def check_keys(section: Mapping[str, object], keys: Sequence[str], where: str) -> None:
    """Check that a section has no key but these.

    Raises:
        SettingError: It has; the nearest is offered.
    """
    for key in section:
        if key not in keys:
            raise SettingError(f"{where}: unknown key {key!r}. {nearest(str(key), keys)}")


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a section.

    Attributes:
        found: What stands there.
        called: What a message calls it: ``compose/app.yml:4: x-harness.ready.tcp``.
        written: It is as the compose file writes it. Else Compose has resolved it: then what a
            variable gave is text.
    """

    found: object
    called: str
    written: bool

    @property
    def open(self) -> bool:
        """Whether Compose has still to resolve it; then the default stands in for it."""
        return self.written and is_open(self.found)

    def below(self, key: str, found: object) -> Value:
        """Return what stands below a key of it."""
        return replace(self, called=f"{self.called}.{key}", found=found)

    def each(self) -> list[Value]:
        """Return the values of a list; of anything else, that."""
        if isinstance(self.found, Sequence) and not isinstance(self.found, str):
            return [replace(self, found=one) for one in self.found]
        return [self]

    def wrong(self, wanted: str) -> SettingError:
        """Return the error for something else than what was wanted."""
        return SettingError(f"{self.called} must be {wanted}, found {self.found!r}")

    @property
    def true(self) -> bool:
        """Whether it is true."""
        return self.found is True or (not self.written and self.found == "true")

    def number(self, wanted: str, low: int, high: int, default: int) -> int:
        """Return a whole number between two others.

        Raises:
            SettingError: It is none.
        """
        if self.open:
            return default
        text = str(self.found)
        if isinstance(self.found, int | str) and text.isdecimal() and low <= int(text) <= high:
            return int(text)
        raise self.wrong(wanted)

    def text(self, wanted: str, default: str) -> str:
        """Return text that is not empty.

        Raises:
            SettingError: It is none.
        """
        if self.open:
            return default
        if not isinstance(self.found, str) or not self.found:
            raise self.wrong(wanted)
        return self.found if self.written else unescaped(self.found)
