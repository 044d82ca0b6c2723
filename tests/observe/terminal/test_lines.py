"""What a run says without a terminal, quietly, and in GitHub Actions."""

from __future__ import annotations

import re

import pytest

from .conftest import Gated, Porter, without_times
from .screen import in_terminal

SLOW = {
    "healthcheck": {"test": "test -e /up"},
    "command": ["sh", "-c", "sleep 1.5; touch /up; sleep infinity"],
}


def test_a_log_has_one_line_for_services_that_take_long(team: Gated) -> None:
    team.service("app", **SLOW)
    team.tests(
        """
        import pytest

        @pytest.mark.parametrize("number", range(3))
        def test_it(app, number): ...
        """
    )
    result = team.passes("--harness-ahead=0", "--harness-summary=off", passed=3)
    said = [line for line in without_times(result.outlines) if "harness: " in line]
    assert said == ["harness: 1 service from compose", "harness: app ready after N s"]
    assert "\x1b" not in result.stdout.str()


def test_a_dumb_terminal_gets_lines_and_a_quiet_run_nothing(team: Gated) -> None:
    team.service("app", **SLOW)
    team.tests("def test_it(app): ...")
    with in_terminal(team.root, env={"TERM": "dumb"}) as terminal:
        assert "harness: app ready after N s" in without_times(terminal.end())
        assert "\x1b" not in terminal.seen
    with in_terminal(team.root, "-q") as terminal:
        assert not any("harness" in line or "app" in line for line in terminal.end())
        assert "waiting" not in terminal.seen


GITHUB = """
def test_bad(app):
    answer = "50 %: no"
    assert answer == "yes"

def test_without_services(): assert 0
"""


@pytest.mark.parametrize("options", [[], ["-n2"]], ids=["alone", "two workers"])
def test_in_github_actions_builds_are_folded_and_failures_annotated_once(
    team: Gated, porter: Porter, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(team.root.parent))
    team.builds("app", porter.port)
    team.tests(GITHUB)
    porter.go_on.set()
    result = team.run_for_real("--junit-xml=junit.xml", *options)
    result.assert_outcomes(failed=2)
    lines = result.outlines
    folded = without_times(lines).index("::group::harness: built app in N s")
    token = lines[folded + 1].removeprefix("::stop-commands::")
    assert re.fullmatch("[0-9a-f]{16}", token)
    end = lines.index(f"::{token}::")
    assert "::error::no command" in lines[folded + 2 : end]
    assert lines[end + 1] == "::endgroup::"
    assert lines.count("::group::services") == 1  # nothing is known that would be worth a title
    assert "::group::" not in (team.root / "junit.xml").read_text()
    assert [line for line in lines[end:] if line.startswith("::error")] == [
        f"::error file={team.root.name}/test_team.py,line=4,title=test_bad::"
        "AssertionError: assert '50 %25: no' == 'yes'"
    ]
