"""The order of tests that share services."""

from __future__ import annotations

import pytest

from .sharing import Sharing

MIXED = """
    import pytest

    def test_a1(alpha): ...
    def test_b1(beta): ...
    def test_a2(alpha): ...
    def test_none(): ...
    def test_b2(beta): ...
    @pytest.mark.alpha(env={"X": "1"})
    def test_other(alpha): ...
    def test_a3(alpha): ...
    """
WRITTEN = "a1 b1 a2 none b2 other a3"


def order(team: Sharing, *args: str) -> str:
    result = team.run("--collect-only", "-q", *args)
    lines = [line for line in result.outlines if "::" in line]
    return " ".join(line.rpartition("test_")[2] for line in lines)


@pytest.mark.parametrize("isolation", ["shared", "reset"])
def test_tests_of_one_stack_follow_each_other(team: Sharing, isolation: str) -> None:
    """A stack is that of the run, or of what a test gives to its services."""
    team.services("alpha", "beta")
    team.tests(MIXED)
    assert order(team) == order(team, "--harness-isolation=fresh") == WRITTEN
    found = order(team, f"--harness-isolation={isolation}")
    assert found == order(team, f"--harness-isolation={isolation}")
    assert found == "a1 b1 a2 none b2 a3 other"


def test_modules_and_classes_stay_whole(team: Sharing) -> None:
    team.services("alpha")
    text = """
        import pytest

        hi = pytest.mark.alpha(env={"X": "1"})

        @hi
        def test_PLACE1(alpha): ...

        class TestClass:
            def test_PLACE2(self, alpha): ...
            @hi
            def test_PLACE3(self, alpha): ...
            def test_PLACE4(self, alpha): ...
        """
    for place in "ab":
        team.write(f"test_{place}.py", text.replace("PLACE", place))
    assert order(team, "--harness-isolation=fresh") == "a1 a2 a3 a4 b1 b2 b3 b4"
    assert order(team, "--harness-isolation=shared") == "a1 a2 a4 a3 b1 b2 b4 b3"


def test_parameters_of_wider_fixtures_keep_pytests_order(team: Sharing) -> None:
    team.services("alpha")
    team.tests(
        """
        import pytest

        @pytest.fixture(scope="module", params=["x", "y"])
        def wide(request): ...

        def test_one(wide, alpha): ...
        @pytest.mark.alpha(env={"X": "1"})
        def test_two(wide, alpha): ...
        def test_three(wide, alpha): ...
        """
    )
    fresh = "one[x] two[x] three[x] one[y] two[y] three[y]"
    assert order(team, "--harness-isolation=fresh") == fresh
    assert order(team, "--harness-isolation=shared") == fresh


def test_workers_see_the_same_order(team: Sharing) -> None:
    """xdist refuses workers that collected differently."""
    team.services("alpha", "beta")
    team.tests(MIXED)
    team.passes("-n2", "--harness-isolation=shared", passed=7)
