"""What a run says of the harness: alone, under xdist, and when it shall be quiet."""

from __future__ import annotations

import pytest

from .team import Team


def test_workers_of_xdist_have_services_of_their_own(team: Team) -> None:
    team.greeter("my-web")
    team.services("alpha")
    team.tests(
        """
        import pytest
        from talk import ask

        @pytest.mark.parametrize("number", range(3))
        def test_web(my_web, number): assert ask(my_web) == "hello"

        @pytest.mark.alpha(env={"COLOUR": "red"})
        def test_marked(container_getter):
            assert container_getter.get("alpha").env["COLOUR"] == "red"
        """
    )
    result = team.passes("-n", "2", passed=4)
    said = [line for line in result.outlines if line.startswith("harness:")]
    assert said == ["harness: 2 services from compose"]
    assert "warning" not in result.stdout.str().lower()


@pytest.mark.parametrize("option", ["-q", "-qq", "-p no:terminal"])
def test_quiet_runs_hear_nothing_of_the_harness(team: Team, option: str) -> None:
    team.services("alpha", "cache")
    team.tests("def test_it(cache, alpha): ...")
    result = team.run_for_real(*option.split())
    assert result.ret == 0
    assert "harness" not in result.stdout.str()
    assert result.stderr.str() == ""


def test_a_quiet_collection_lists_tests_and_nothing_else(team: Team) -> None:
    team.services("alpha", "cache")
    team.tests("def test_it(alpha): ...")
    result = team.run("--collect-only", "-q")
    assert [line for line in result.outlines if line] == [
        "test_team.py::test_it",
        result.outlines[-1],
    ]
    assert result.outlines[-1].startswith("1 test collected")
