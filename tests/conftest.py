"""What every test of this suite wants."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def not_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have runs inside of tests write what they write at a desk: in CI pytest shortens less."""
    for variable in ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(variable, raising=False)
