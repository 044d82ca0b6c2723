"""What fails a test that passed by itself: what may be written, and how it combines."""

from __future__ import annotations

import pytest

from harness.errors import SettingError
from harness.model.fail_on import FailOn
from harness.model.project import parse_service
from harness.plan.fail_on import fail_on_of, parse_fail_on, read_fail_on
from harness.plan.section import Value


def of(declared: object, run: FailOn = FailOn()) -> FailOn:  # noqa: B008 - nobody changes it
    body = {"image": "x", "x-harness": {"fail_on": declared}}
    return fail_on_of(parse_service("app", body, "compose/app.yml:2"), run)


@pytest.mark.parametrize(
    ("declared", "wanted"),
    [
        ("exit", FailOn()),
        ("none", FailOn(exit=False)),
        ([], FailOn(exit=False)),
        ("oom", FailOn(exit=False, oom=True)),
        (["exit", "restart"], FailOn(restart=True)),
        ({"log": "ERROR"}, FailOn(log=("ERROR",))),
        ({"exit": False, "log": ["ERROR", "^E$$"]}, FailOn(exit=False, log=("ERROR", "^E$"))),
        ({"exit": "false", "oom": "true"}, FailOn(exit=False, oom=True)),
        ({"log": ["E"], "allow": ["E ignored"]}, FailOn(log=("E",), allow=("E ignored",))),
    ],
)
def test_the_ways_to_write_it(declared: object, wanted: FailOn) -> None:
    assert of(declared) == wanted


def test_a_list_says_all_of_it_and_a_mapping_changes_what_it_names() -> None:
    run = FailOn(oom=True, log=("ERROR",), allow=("ignored",))

    assert of(["exit"], run) == FailOn()
    assert of({"log": []}, run) == run._replace(log=())
    assert of({"allow": ["other"]}, run) == run._replace(allow=("other",))
    assert of({}, run) == run


def test_a_service_that_says_nothing_is_judged_as_the_run_says() -> None:
    run = FailOn(restart=True)

    assert fail_on_of(parse_service("app", {"image": "x"}), run) is run


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("crash", "must be exit, oom or restart, a list of these, none, or a mapping such as"),
        ("log", "must be a word; patterns stand in a mapping: {log: [ERROR]}, found 'log'"),
        (True, "must be exit, oom or restart"),
        (None, "must be exit, oom or restart"),
        (["exit", 3], "found 3"),
        ({"exits": True}, "unknown key 'exits'. Did you mean 'exit'?"),
        ({"exit": "maybe"}, "fail_on.exit must be true or false, found 'maybe'"),
        ({"log": ["("]}, r"fail_on.log must be a regular expression, or a list of them ('(': "),
        ({"allow": [1]}, "fail_on.allow must be a regular expression, or a list of them, found 1"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(declared: object, message: str) -> None:
    with pytest.raises(SettingError) as told:
        of(declared)
    assert str(told.value).startswith("compose/app.yml:2: x-harness.fail_on")
    assert message in str(told.value)


def test_what_holds_a_variable_is_judged_once_it_has_a_value() -> None:
    for written in ("${WHAT}", ["${ONE}", "exit"], {"exit": "${ON}", "log": ["${P}"]}):
        parse_fail_on(Value(written, "x", written=True))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("none", FailOn(exit=False)),
        ("exit, oom", FailOn(oom=True)),
        ("[restart]", FailOn(exit=False, restart=True)),
        ("{log: ['a, b', '$'], exit: no}", FailOn(exit=False, log=("a, b", "$"))),
        ("log: [ERROR]\nallow: [fine]", FailOn(log=("ERROR",), allow=("fine",))),
    ],
)
def test_the_run_says_it_in_yaml(text: str, wanted: FailOn) -> None:
    assert read_fail_on(text) == wanted


@pytest.mark.parametrize("text", ["[", "exit, crash", "{log: ['(']}", "3"])
def test_what_the_run_cannot_mean(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be|no YAML"):
        read_fail_on(text)
