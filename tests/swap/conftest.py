"""Projects of which some services are swapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.swap.lab import SwapLab

Swapped = Callable[..., SwapLab]


@pytest.fixture
def swapped(tmp_path: Path) -> Iterator[Swapped]:
    """Gives a project with services swapped as the settings say; nothing is left of it."""
    made: list[SwapLab] = []

    def make(**settings: Any) -> SwapLab:
        made.append(SwapLab(tmp_path, **settings))
        return made[-1]

    yield make
    for lab in made:
        lab.close()
