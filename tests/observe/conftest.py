"""Projects whose tests fail, and what is told of their services."""

from __future__ import annotations

from ..messages.conftest import project

__all__ = ["project"]
