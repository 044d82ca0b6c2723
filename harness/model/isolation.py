"""How far a test's services are its own."""

from __future__ import annotations

from enum import StrEnum


class Isolation(StrEnum):
    """How far a test's services are its own.

    ``FRESH``: containers made for this test. ``RESET``: running containers whose state was put
    back. ``SHARED``: running containers as they are.
    """

    FRESH = "fresh"
    RESET = "reset"
    SHARED = "shared"


CHOICES = "fresh, reset or shared"


def isolation(value: object) -> Isolation:
    """Read an isolation.

    Raises:
        ValueError: It is none.
    """
    return Isolation(str(value).strip().lower())
