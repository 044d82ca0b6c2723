"""What a run says at its end of where its time went."""

from __future__ import annotations

import re

import pytest

from .conftest import Gated

SLOW = {"healthcheck": {"test": ["CMD", "test", "-e", "/up"]}}
LONG = ["sh", "-c", "sleep 1.5; touch /up; sleep infinity"]
TESTS = """
import pytest

@pytest.mark.parametrize("number", range(3))
def test_it(app, number): ...
"""
SAVED = "harness: 3 tests started the same 2 services (db, app): harness_isolation = shared would *"


def summary(lines: list[str]) -> list[str]:
    """The lines of the summary: those below the tests."""
    end = next(n for n, line in enumerate(lines) if re.search(r"\[100%\]|3 passed", line))
    return [line for line in lines[end:] if line.startswith("harness: ")]


def slow_pair(team: Gated) -> None:
    team.service("db", command=LONG, **SLOW)
    team.service("app", depends_on={"db": {"condition": "service_healthy"}})
    team.tests(TESTS)


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "two workers"])
def test_the_short_summary_is_made_of_what_all_processes_have_told(
    team: Gated, workers: list[str]
) -> None:
    slow_pair(team)
    result = team.passes("--harness-ahead=0", *workers, passed=3)
    times, services, start, saved = summary(result.outlines)
    of = " of 2 workers' time" if workers else ""
    seconds = r"(?:\d+\.\d+ s|\d min \d+ s)"
    found = re.match(
        rf"harness: 3 tests took {seconds}{of}: .* waiting for services \((.*)\)", times
    )
    assert found
    assert {"until ready", "starting", "opening the project"} <= {
        re.sub(rf"{seconds} ", "", part) for part in found[1].split(", ")
    }
    assert re.match(rf"harness: slowest to get ready: db {seconds} \(median of 3\), app ", services)
    path = rf"create {seconds} > db {seconds} > app {seconds}"
    assert re.fullmatch(rf"harness: slowest start {seconds}: {path}", start)
    assert saved.startswith(SAVED.rstrip("*"))


def test_the_full_summary_names_tests_and_none_may_be_wanted(team: Gated) -> None:
    slow_pair(team)
    full = summary(team.passes("--harness-summary=full", passed=3).outlines)
    assert any(", of test_team.py::test_it[" in line for line in full)
    assert any(line.startswith("harness: while no test waited for it: ") for line in full)
    assert any("once a run: find Compose " in line for line in full)
    team.monkeypatch.setenv("HARNESS_SUMMARY", "off")
    assert summary(team.passes("--harness-isolation=shared", passed=3).outlines) == []
