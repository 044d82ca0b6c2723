"""Where the memory of a container is told."""

from __future__ import annotations

import os

from harness.engine.memory import group_of
from harness.engine.process.tree import memory_peak

ID = "0123456789abcdef" * 4


def test_the_group_of_version_2_that_is_the_containers_own() -> None:
    scope = f"system.slice/docker-{ID}.scope"

    assert group_of(f"0::/{scope}\n", ID) == scope
    assert group_of(f"12:memory:/docker/{ID}\n0::/docker/{ID}\n", ID) == f"docker/{ID}"


def test_a_group_that_is_not_the_containers_own_is_none() -> None:
    assert group_of("0::/\n", ID) == ""
    assert group_of(f"12:memory:/docker/{ID}\n", ID) == ""
    assert group_of("0::/user.slice\n", ID) == ""


def test_the_peak_of_a_process_is_known_and_that_of_none_is_not() -> None:
    peak = memory_peak(os.getpid())

    assert peak is not None
    assert peak > 2**20
    assert memory_peak(2**22 + 1) is None
