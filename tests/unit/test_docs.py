"""What the documentation says of the code is what the code says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness
from harness.settings import keys

ROOT = Path(__file__).parents[2]
ERRORS = [name for name in harness.__all__ if name.endswith("Error") and name != "HarnessError"]


def test_the_readme_has_the_table_of_settings() -> None:
    readme = (ROOT / "README.md").read_text()

    shown = readme.partition("<!-- settings -->\n")[2].partition("\n<!-- /settings -->")[0]

    assert shown == keys.table()


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_that_a_user_can_cause_is_documented(name: str) -> None:
    assert f"| `{name}` |" in (ROOT / "docs" / "messages.md").read_text()


@pytest.mark.parametrize("name", ERRORS)
def test_every_public_error_can_be_caught_as_one_of_the_harness(name: str) -> None:
    assert issubclass(getattr(harness, name), harness.HarnessError)
