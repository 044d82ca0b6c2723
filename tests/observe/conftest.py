"""Projects whose tests fail, and what is told of their services."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..messages.conftest import DOCKER_CONFIG
from ..messages.project import Project, engine


@pytest.fixture
def project(pytester: pytest.Pytester, tmp_path: Path) -> Project:
    engine()
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    return Project(pytester, temporary, DOCKER_CONFIG)
