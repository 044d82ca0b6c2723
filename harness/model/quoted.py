"""Values that a user gave, as a message quotes them."""

from __future__ import annotations

_LONGEST = 200  # characters


def quoted(value: object) -> str:
    """Return a value as Python writes it, shortened; one that cannot be shown, by its type."""
    try:
        text = repr(value)
        text.encode()
    except Exception:
        return f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
