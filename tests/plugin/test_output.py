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
    result = team.passes("-n", "2", "--harness-summary=off", passed=4)
    said = [line for line in result.outlines if line.startswith("harness:")]
    # a machine under load may take longer than a second to start something
    assert [line for line in said if " ready after " not in line] == [
        "harness: 2 services from compose"
    ]
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


STUCK = """
import pytest
from harness.engine.docker import DockerEngine
from harness.errors import EngineRefusedError

@pytest.fixture(scope="session")
def stuck(docker_project):
    docker_project.up(["alpha"])
    remove = DockerEngine.remove

    def refused(self, *args, **options):
        remove(self, *args, **options)
        raise EngineRefusedError("volume data is in use")

    DockerEngine.remove = refused
"""


@pytest.mark.parametrize(
    "options", [["-q"], ["-qq", "--no-summary"], ["-n1"], ["-p", "no:terminal"]]
)
def test_what_could_not_be_removed_is_told_and_fails_the_run(
    team: Team, options: list[str]
) -> None:
    team.services("alpha")
    team.conftest(STUCK)
    team.tests("def test_it(stuck): ...")
    result = team.run_for_real(*options)
    said = [line for line in result.outlines + result.errlines if "could not be removed" in line]
    assert said == ["harness: something could not be removed: volume data is in use"]
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_warning_that_is_an_error_is_told_to_each_test_and_without_the_harness(
    team: Team,
) -> None:
    team.service("alpha", environment={"NAME": "${NO_SUCH_NAME}"})
    team.tests("def test_one(alpha): ...\ndef test_two(alpha): ...")
    result = team.run_for_real()
    result.assert_outcomes(errors=2)
    told = [line for line in result.outlines if "NO_SUCH_NAME" in line and "ERROR" not in line]
    assert len(told) == 2
    result.stdout.no_fnmatch_line("*console.py*")
    result.stdout.no_fnmatch_line("*yard.py*")
