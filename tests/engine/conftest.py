"""A compose project for each test, on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .lab import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """An empty project; all that its stacks made must be gone at the end."""
    made = Lab(tmp_path)
    try:
        yield made
    finally:
        made.close()
