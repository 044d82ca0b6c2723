"""The harness beside plugins with the same options, and turned off."""

from __future__ import annotations

import os

import pytest

from .team import Team

RIVAL = """
import pytest

def pytest_addoption(parser):
    group = parser.getgroup("docker_compose")
    group.addoption("--docker-compose", dest="docker_compose", default=".")
    group.addoption("--docker-compose-no-build", action="store_true", default=False)
    group.addoption("--docker-compose-remove-volumes", action="store_true", default=False)

@pytest.fixture(scope="session")
def docker_project(): return "theirs"
"""


@pytest.fixture
def rival(team: Team) -> str:
    """Another plugin with options and a fixture of the same names, which can be imported."""
    team.write("pytest_docker_compose.py", RIVAL)
    team.monkeypatch.setenv("PYTHONPATH", str(team.root), prepend=os.pathsep)
    return "pytest_docker_compose"


def test_a_plugin_with_the_same_options_is_named_to_be_uninstalled(team: Team, rival: str) -> None:
    team.services("alpha")
    team.tests("def test_one(): ...\ndef test_two(alpha): ...")
    result = team.passes("-p", rival, passed=2)
    said = [line for line in result.outlines if line.startswith("harness:") and "uninst" in line]
    assert said == [
        "harness: pytest-docker-compose is installed beside it and has options of the same names, "
        "which are left to it: uninstall pytest-docker-compose"
    ]


def test_a_plugin_that_is_turned_off_leaves_its_options_to_the_harness(
    team: Team, rival: str
) -> None:
    team.write("deploy/one.yml", "services: {alpha: {image: a}}")
    team.tests("def test_it(): ...")
    result = team.passes("-p", "no:docker_compose", "--docker-compose=deploy", passed=1)
    result.stdout.fnmatch_lines(["harness: 1 service from deploy"])
    result.stdout.no_fnmatch_line("*uninstall*")


def test_the_option_no_plugin_turns_the_harness_off(team: Team) -> None:
    team.services("alpha")
    team.tests("def test_it(): ...")
    result = team.run("-p", "no:harness")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("harness:*")
