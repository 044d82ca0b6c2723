"""The team whose tests share services, and the images of the example shop's servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.servers import shop_image

from .sharing import Sharing


@pytest.fixture
def team(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sharing]:
    """A team with an empty project; its runs leave nothing, save what it asked to be kept."""
    made = Sharing(pytester, monkeypatch)
    try:
        yield made
        assert made.left() == []
    finally:
        made.remove_kept()


@pytest.fixture(scope="session")
def postgres_image() -> Iterator[str]:
    """The image of the shop's database."""
    with shop_image("postgres") as tag:
        yield tag


@pytest.fixture(scope="session")
def redis_image() -> Iterator[str]:
    """The image of the shop's Redis."""
    with shop_image("redis") as tag:
        yield tag


@pytest.fixture(scope="session")
def broker_image() -> Iterator[str]:
    """The image of the shop's broker."""
    with shop_image("broker") as tag:
        yield tag
