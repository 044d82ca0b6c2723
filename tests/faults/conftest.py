"""A project for each test, whose runs may be killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .victim import Victim

DOCKER_CONFIG = os.environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker")


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    """A project to be killed."""
    made = Victim(tmp_path, DOCKER_CONFIG)
    try:
        yield made
    finally:
        made.close()
