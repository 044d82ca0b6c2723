"""What listens on a wider address than the tests need is a warning, which a team can quiet."""

from __future__ import annotations

from harness.lease.ports import PortClaims

from .team import Team

TEST = """
import pytest

@pytest.mark.app
def test_app(container_getter):
    assert container_getter.get("app").status == "running"
"""
SOCKET = "/var/run/docker.sock:/engine.sock:ro"
QUIET = (
    "filterwarnings =\n    error\n    ignore:.*gets the engine's socket:harness.HarnessWarning\n"
)


def warnings(team: Team) -> list[str]:
    result = team.pytester.runpytest_subprocess(timeout=120)
    result.assert_outcomes(passed=1, warnings=result.parseoutcomes().get("warnings", 0))
    return [line for line in result.outlines if "HarnessWarning" in line]


def test_an_engines_socket_is_told_and_quieted_by_pytests_own_filter(team: Team) -> None:
    team.service("app", volumes=[SOCKET])
    team.tests(TEST)
    (warning,) = warnings(team)
    assert "compose/app.yml:2: service 'app' gets the engine's socket" in warning
    team.ini(QUIET)
    assert warnings(team) == []


def test_a_fixed_port_is_told_until_it_says_where(team: Team) -> None:
    port = PortClaims().claim()
    fixed = {"x-harness": {"fixed": True}}
    team.tests(TEST)
    team.service("app", ports=[f"{port}:80/udp"], **fixed)
    (warning,) = warnings(team)
    assert "compose/app.yml:2: service 'app' publishes 80/udp on every address" in warning
    assert f'Write "127.0.0.1:{port}:80/udp"' in warning
    team.service("app", ports=[f"127.0.0.1:{port}:80/udp"], **fixed)
    assert warnings(team) == []


def test_the_network_of_the_machine_is_told(team: Team) -> None:
    team.service("app", network_mode="host")
    team.tests(TEST)
    (warning,) = warnings(team)
    assert "compose/app.yml:2: service 'app' has the network of the engine's machine" in warning
