"""Projects whose runs are disturbed, on the machine's engine or on one of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..messages.conftest import DOCKER_CONFIG
from ..messages.project import Project, engine
from .own_engine import OwnEngine
from .victim import Victim

_SIZE = "600m"
TORTURE = "HARNESS_TORTURE"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"torture: takes long; runs where {TORTURE} is set in the environment"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, unless it is asked for."""
    if os.environ.get(TORTURE):
        return
    left_out = [item for item in items if item.get_closest_marker("torture")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    """A project whose runs are to be killed."""
    made = Victim(tmp_path, DOCKER_CONFIG)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """The folder for temporary files of the runs inside of a test."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


@pytest.fixture
def project(pytester: pytest.Pytester, temporary: Path) -> Project:
    engine()
    return Project(pytester, temporary, DOCKER_CONFIG)


@pytest.fixture(scope="module")
def own_engine() -> Iterator[OwnEngine]:
    """An engine of this module's own, stopped or not."""
    with own_engine_of(_SIZE) as made:
        yield made


@contextmanager
def own_engine_of(size: str) -> Iterator[OwnEngine]:
    """Start an engine whose data may take so much, as ``mount`` reads it."""
    made = OwnEngine(Path(tempfile.mkdtemp(prefix="own-engine-")), size)
    try:
        made.start()
        made.load()
        yield made
    finally:
        made.close()


@pytest.fixture
def other(project: Project, own_engine: OwnEngine) -> Iterator[Project]:
    """A project whose runs use the module's own engine."""
    yield project.on(own_engine)
    if not own_engine.running:
        own_engine.start()
