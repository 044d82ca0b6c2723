"""How long a service may take to get ready before the run fails."""

from __future__ import annotations

import re
from typing import NamedTuple

from harness.model.duration import seconds

_FACTOR = re.compile(r"(\d+(?:\.\d+)?)x")


# A named tuple: every pytest imports this with the settings.
class Budget(NamedTuple):
    """How long a service may take to get ready.

    Attributes:
        seconds: So many seconds; None for a budget that is relative.
        factor: So many times what it usually takes; None for an absolute one.
    """

    seconds: float | None = None
    factor: float | None = None

    def __str__(self) -> str:
        return f"{self.factor:g}x" if self.factor else f"{self.seconds:g}s"


WANTED = "a duration such as 5s, or a factor of the usual time such as 1.5x (more than 1x)"


def budget(value: object) -> Budget:
    """Read a budget.

    Raises:
        ValueError: It is none.
    """
    found = _FACTOR.fullmatch(value.strip()) if isinstance(value, str) else None
    made = Budget(factor=float(found[1])) if found else Budget(_seconds(value))
    if not (made.factor is None or made.factor > 1) or made.seconds == 0:
        raise ValueError(f"{value!r} is no budget")
    return made


def _seconds(value: object) -> float:
    try:
        return seconds(value)
    except ValueError:
        raise ValueError(f"{value!r} is no budget") from None
