"""Durations as Compose writes them: ``90s``, ``1m30s``, ``500ms``."""

from __future__ import annotations

import re

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)")


def seconds(value: object) -> float:
    """Return a duration in seconds.

    Args:
        value: A number of seconds, or text in the form of the Compose specification
            ("Specifying durations": units ``us``, ``ms``, ``s``, ``m``, ``h``, joined).

    Raises:
        ValueError: The value is neither.
    """
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is no duration")
    if isinstance(value, int | float):
        result = float(value)
    elif isinstance(value, str):
        text = value.strip()
        parts = _PART.findall(text)
        if parts and "".join(n + unit for n, unit in parts) == text:
            result = sum(float(n) * _UNITS[unit] for n, unit in parts)
        else:
            result = float(text)
    else:
        raise ValueError(f"{value!r} is no duration")
    if not 0 <= result < float("inf"):
        raise ValueError(f"{value!r} is no duration")
    return result
