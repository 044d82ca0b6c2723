"""What `from harness import …` gives."""

from __future__ import annotations

import pytest

import harness


@pytest.mark.parametrize("name", harness.__all__)
def test_a_public_name_is_imported_from_harness(name: str) -> None:
    namespace: dict[str, object] = {}
    exec(f"from harness import {name}", namespace)
    assert getattr(namespace[name], "__name__", None) == name
    assert name in dir(harness)


def test_every_public_name_is_there_at_once() -> None:
    namespace: dict[str, object] = {}
    exec("from harness import *", namespace)
    assert namespace.keys() >= set(harness.__all__)
    assert not hasattr(harness, "no_such_name")
