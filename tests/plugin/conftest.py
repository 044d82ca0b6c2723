"""The team whose project the tests of this folder run."""

from __future__ import annotations

import pytest

from .team import Team


@pytest.fixture
def team(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Team:
    """A team with an empty project."""
    return Team(pytester, monkeypatch)
