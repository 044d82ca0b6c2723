"""What to do about what an engine says."""

from __future__ import annotations

LOOK = (
    "It was stopped or restarted, or has crashed: see its log (`journalctl -u docker`), and start "
    "it again."
)
"""What to do about an engine that went away."""
_FULL = "no space left on device"
_MAKE_ROOM = (
    "The engine's disk is full: `docker system df` says of what, `docker system prune` removes "
    "what nobody uses."
)


def advised(words: str) -> str:
    """Return what an engine or a container said, with what to do about it where that is known."""
    return f"{words.rstrip('.')}. {_MAKE_ROOM}" if is_disk_full(words) else words


def is_disk_full(words: str) -> bool:
    """Whether words say that a disk is full."""
    return _FULL in words.lower()


def make_room(log: str) -> str:
    """Return what to do about a container whose log tells of a full disk, else ``""``."""
    return f"{_MAKE_ROOM}\n" if is_disk_full(log) else ""
