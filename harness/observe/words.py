"""What things are called, and how durations and sizes are told. Pure."""

from __future__ import annotations

SECTION = "services"
"""The title of the section of a failing test's report."""


def lasted(seconds: float) -> str:
    """Return a duration: ``0.31 s``, ``12.3 s``, ``2 min 05 s``."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def size(number: int) -> str:
    """Return a number of bytes: ``12.3 MB``, in powers of ten as Docker tells them."""
    amount = float(number)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def listed(names: list[str], most: int = 4) -> str:
    """Return names in a row, of many only the first ones: ``db, app and 3 more``."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
