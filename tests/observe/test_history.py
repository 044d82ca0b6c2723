"""A run fails whose services take longer to get ready than they may."""

from __future__ import annotations

import pytest

from harness.observe.history import History
from tests.plugin.team import Team


@pytest.fixture
def team(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Team:
    return Team(pytester, monkeypatch)


def test_a_service_over_its_budget_fails_a_run_whose_tests_pass(team: Team) -> None:
    team.service("slow", **{"x-harness": {"ready": {"budget": "10ms"}}})
    team.service("fine", **{"x-harness": {"ready": {"budget": "5m"}}})
    team.tests("def test_one(slow, fine): pass\ndef test_two(slow): pass\n")

    for workers in ("0", "2"):
        result = team.run_for_real("-n", workers, "--harness-budget=1.5x")

        result.assert_outcomes(passed=2)
        assert result.ret == 1
        lines = [line for line in result.outlines if line.startswith("harness: slow took ")]
        assert len(lines) == 1
        assert "(median of 2 starts), over its budget of 0.01s; no earlier run" in lines[0]
        assert lines[0].endswith("in its service (compose/slow.yml:2)")
    runs = History(team.root / ".harness" / "history").read()
    assert [(sorted(run.ready), run.over) for run in runs] == [(["fine", "slow"], ("slow",))] * 2
    assert [run.like.rpartition(", ")[2] for run in runs] == ["0 workers", "2 workers"]
