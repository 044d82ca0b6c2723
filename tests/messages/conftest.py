"""A project for each test that is about what a user reads."""

from __future__ import annotations

import os
import venv
from pathlib import Path

import pytest

from .project import Project, engine

# Read now: pytester gives each test a home of its own, and there the engine is not known.
DOCKER_CONFIG = os.environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker")


@pytest.fixture
def project(pytester: pytest.Pytester, tmp_path: Path) -> Project:
    engine()
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    return Project(pytester, temporary, DOCKER_CONFIG)


@pytest.fixture
def bare_python(tmp_path: Path) -> str:
    """A Python with this one's packages, in an environment that has no docker-compose."""
    bare = tmp_path / "bare"
    venv.create(bare, symlinks=True)
    (site_packages,) = bare.glob("lib/python*/site-packages")
    ours = Path(pytest.__file__).parent.parent
    (site_packages / "ours.pth").write_text(f"import site; site.addsitedir({str(ours)!r})\n")
    return str(bare / "bin" / "python")
