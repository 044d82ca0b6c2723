"""A project that has no compose files, or no test that needs a service."""

from __future__ import annotations

import pytest

from .team import Team

LOADED = """
import atexit, sys

def loaded():
    heavy = {"yaml", "docker", "requests", "jinja2", "urllib3", "filelock", "psutil"}
    heavy |= {"concurrent.futures", "harness.container", "harness.session", "harness.stack"}
    heavy |= {"harness.observe.findings"}
    print("loaded:", sorted(heavy & set(sys.modules)), file=sys.__stdout__, flush=True)

atexit.register(loaded)
"""


def test_a_project_without_compose_files_does_not_pay_for_the_harness(team: Team) -> None:
    team.conftest(LOADED)
    team.tests("def test_it(): ...")
    result = team.passes(passed=1)
    result.stdout.fnmatch_lines(["loaded: []"])
    result.stdout.no_fnmatch_line("harness:*")


def test_a_project_whose_tests_need_no_service_does_not_pay_for_docker(team: Team) -> None:
    team.services("alpha")
    team.conftest(LOADED)
    team.tests("def test_it(): ...")
    result = team.passes(passed=1)
    result.stdout.fnmatch_lines(["loaded: ['harness.container', 'harness.session', 'yaml']"])


@pytest.mark.parametrize(
    "test",
    [
        "@pytest.mark.services('alpha')\ndef test_it(): ...",
        "def test_it(container_getter): ...",
        "def test_it(function_scoped_container_getter): ...",
        "def test_it(docker_project): ...",
        "import harness\n"
        "class Alpha(harness.Service, container_name='alpha'): ...\n"
        "alpha = harness.service_fixture(Alpha)\n"
        "def test_it(alpha): ...",
    ],
)
def test_without_compose_files_asking_for_a_service_says_which_file_is_missing(
    team: Team, test: str
) -> None:
    team.tests(f"import pytest\n{test}\ndef test_other(): ...")
    result = team.run()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            f"*no compose file found: wanted compose/*.yml or compose.yaml in {team.root}, or "
            "what --docker-compose or ini harness_files names. Add a compose file, or name one.*"
        ]
    )
    result.stdout.no_fnmatch_line("*harness/plugin.py*")
