"""Nothing is left of a test's processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.lab import ProcessLab
from tests.process.programs import running_in


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """See that a test leaves no process that works in its folder."""
    yield
    left = running_in(tmp_path)
    for process in left:
        process.kill()
    assert not left


@pytest.fixture
def plab(tmp_path: Path) -> Iterator[ProcessLab]:
    """A compose project whose services run as processes."""
    lab = ProcessLab(tmp_path)
    yield lab
    lab.close()
