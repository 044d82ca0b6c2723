"""What services may say of their isolation, their end and their reset."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import SettingError
from harness.model.isolation import Isolation
from harness.model.project import parse_service
from harness.plan.extension import check_extension, check_resolved_extension
from harness.source import SourceService, discover


def written(root: Path, section: str) -> SourceService:
    text = f"services:\n  app:\n    image: x\n    x-harness: {section}\n"
    (root / "compose.yaml").write_text(text)
    found = discover(root, ())
    assert found is not None
    return found.services["app"]


@pytest.mark.parametrize(
    "section",
    [
        "{isolation: fresh}",
        "{isolation: reset, reset: [app, clear]}",
        "{isolation: shared, stop: kill}",
        "{stop: graceful, reset: none}",
        "{fail_on: {exit: true, log: [ERROR], allow: ['ERROR ignored'], oom: '${OOM}'}}",
        "{isolation: '${HOW:-shared}', stop: '${STOP}', reset: [app, '${WHAT}']}",
    ],
)
def test_what_makes_sense_passes(tmp_path: Path, section: str) -> None:
    check_extension(written(tmp_path, section))


RESETS = (
    "x-harness.reset must be a command such as [app, clear], run in the container, or none "
    "where there is no state to put back; found "
)
WRONG = [
    ("{isolation: own}", "x-harness.isolation must be fresh, reset or shared, found 'own'"),
    ("{isolation: true}", "x-harness.isolation must be fresh, reset or shared, found True"),
    ("{stop: softly}", "x-harness.stop must be kill or graceful, found 'softly'"),
    ("{reset: app clear}", f"{RESETS}'app clear'"),
    ("{reset: []}", f"{RESETS}[]"),
    ("{reset: [app, 1]}", f"{RESETS}['app', 1]"),
    (
        "{fail_on: {log: [')']}}",
        "x-harness.fail_on.log must be a regular expression, or a list of them (')': unbalanced "
        "parenthesis at position 0), found [')']",
    ),
    ("{reset: false}", f"{RESETS}False"),
]


@pytest.mark.parametrize(("section", "message"), WRONG)
def test_what_makes_no_sense_is_told_with_its_place(
    tmp_path: Path, section: str, message: str
) -> None:
    with pytest.raises(SettingError) as told:
        check_extension(written(tmp_path, section))
    assert str(told.value).endswith(message)
    assert "compose.yaml:4: " in str(told.value)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"isolation": "own"}, "c.yml:2: x-harness.isolation must be .* found 'own'"),
        ({"stop": ""}, "c.yml:2: x-harness.stop must be kill or graceful, found ''"),
    ],
)
def test_what_variables_give_is_checked_as_well(section: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        check_resolved_extension(parse_service("app", {"x-harness": section}, "c.yml:2"))


def test_a_service_has_what_it_says() -> None:
    section = {"isolation": "shared", "stop": "graceful", "reset": ["sh", "-c", "echo $$HOME"]}
    service = parse_service("app", {"x-harness": section})
    assert service.isolation is Isolation.SHARED
    assert service.graceful
    assert service.reset == ("sh", "-c", "echo $HOME")
    assert parse_service("app", {"x-harness": {"reset": "none"}}).reset == ()
    silent = parse_service("app", {})
    assert (silent.isolation, silent.graceful, silent.reset) == (None, False, None)
