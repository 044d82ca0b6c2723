"""What GitHub Actions is told, in its own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.observe.event import Event, Kind
from harness.observe.github import annotated, command, grouped, section

ROOT = Path("/home/runner/work/shop/shop/backend")


def failure(test: str, *more: Event, **phase: Any) -> list[Event]:
    told = {"when": "call", "outcome": "failed", "message": "assert 500 == 200", **phase}
    return [
        Event(Kind.TEST_BEGIN, 1, test=test, data={"file": "tests/test_a.py", "line": 7}),
        Event(Kind.TEST_PHASE, 2, test=test, data={"when": "setup", "outcome": "passed"}),
        Event(Kind.TEST_PHASE, 3, test=test, data=told),
        *more,
    ]


def test_a_command_is_escaped_as_the_documentation_says() -> None:
    assert command("error", "50 %\r\nor: a, b", file="a,b:c%.py", line=3, title="") == (
        "::error file=a%2Cb%3Ac%25.py,line=3::50 %25%0D%0Aor: a, b"
    )
    assert command("endgroup", "") == "::endgroup::"


def test_a_failing_test_has_one_annotation_with_the_verdict() -> None:
    verdict = Event(
        Kind.TEST_VERDICT, 4, test="tests/test_a.py::T::test_it[x]", data={"lines": ["db died"]}
    )
    events = failure("tests/test_a.py::T::test_it[x]", verdict, line=12)
    assert [*annotated(events, ROOT, "/home/runner/work/shop/shop")] == [
        "::error file=backend/tests/test_a.py,line=12,title=T%3A%3Atest_it[x]::"
        "assert 500 == 200%0Adb died"
    ]


def test_a_failure_outside_of_the_tests_file_is_at_the_tests_beginning() -> None:
    (line,) = annotated(failure("tests/test_a.py::test_it"), ROOT, "")
    assert line.startswith("::error file=tests/test_a.py,line=7,title=test_it::")


def test_a_test_that_fails_again_at_its_end_and_one_that_passes_change_nothing() -> None:
    teardown = failure("tests/test_a.py::test_it", when="teardown", outcome="error")[-1]
    events = failure("tests/test_a.py::test_it", teardown)
    passed = failure("tests/test_a.py::test_other", outcome="passed")
    assert len([*annotated(events + passed, ROOT, "")]) == 1


def test_what_a_service_wrote_is_no_command() -> None:
    assert [*grouped("harness: built app", ["::error::got you"], "5e3d")] == [
        "::group::harness: built app",
        "::stop-commands::5e3d",
        "::error::got you",
        "::5e3d::",
        "::endgroup::",
    ]


def test_a_long_section_is_folded_under_its_verdict_and_a_short_one_stays() -> None:
    verdict, log = "orders died (exit 1)", ["    +0.1 orders | a line"] * 9
    assert next(iter(section("services", [verdict, *log], "5e3d"))) == (
        "::group::services: orders died (exit 1)"
    )
    assert next(iter(section("services", [*log, *log], "5e3d"))) == "::group::services"
    assert [*section("services", log, "5e3d")] == log


def test_what_a_service_writes_is_no_command_in_a_short_section_either() -> None:
    for line in ("    +0.1 orders | ::error::got you", "    +0.1 orders | ##[error]got you"):
        assert [*section("services", [line], "5e3d")] == ["::stop-commands::5e3d", line, "::5e3d::"]
