from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from harness import settings
from harness.errors import SettingError
from harness.model.budget import Budget
from harness.model.isolation import Isolation
from harness.settings import Settings, keys
from harness.settings.keys import KEYS


def read(pytester: pytest.Pytester, *args: str) -> Settings:
    return settings.read(pytester.parseconfig("-p", "no:cacheprovider", *args), taken=False)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in KEYS:
        monkeypatch.delenv(key.env, raising=False)


def test_nothing_need_be_set(pytester: pytest.Pytester) -> None:
    history = pytester.path / ".harness" / "history"
    assert read(pytester) == Settings(root=pytester.path, history=history)


def test_the_command_line_wins_over_the_environment_and_that_over_the_ini_file(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]\nharness_timeout = 1m\nharness_retry_start = yes")
    assert read(pytester).timeout == 60
    assert read(pytester).retry_start is True
    monkeypatch.setenv("HARNESS_TIMEOUT", "2m")
    monkeypatch.setenv("HARNESS_RETRY_START", "off")
    assert read(pytester).timeout == 120
    assert read(pytester).retry_start is False
    assert read(pytester, "--harness-timeout", "500ms").timeout == 0.5
    assert read(pytester, "--harness-retry-start").retry_start is True


def test_flags_are_off_until_they_are_given(pytester: pytest.Pytester) -> None:
    assert read(pytester, "--docker-compose-no-build").build is False
    assert read(pytester, "--docker-compose-remove-volumes").remove_volumes is True


def test_subnets_are_ranges_or_none_or_depend_on_the_engine(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nharness_subnets = 10.1.0.0/16, 10.2.0.0/28")
    assert read(pytester).subnets == (IPv4Network("10.1.0.0/16"), IPv4Network("10.2.0.0/28"))
    assert read(pytester, "--harness-subnets", "none").subnets == ()
    assert read(pytester, "--harness-subnets", "auto").subnets is None


def test_a_history_is_a_file_or_none(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nharness_history = cache/times\nharness_budget = 1.5x")
    assert read(pytester).history == pytester.path / "cache/times"
    assert read(pytester, "--harness-history=none").history is None
    assert read(pytester).budget == Budget(factor=1.5)
    assert read(pytester, "--harness-budget=5s").budget == Budget(5.0)


def test_files_are_named_from_where_they_are_written(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = pytester.path
    pytester.makeini("[pytest]\nharness_files =\n    deploy\n    other/compose.yaml")
    assert read(pytester).files == (root / "deploy", root / "other/compose.yaml")
    inner = root / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert read(pytester).files == (root / "deploy", root / "other/compose.yaml")
    given = read(pytester, "--docker-compose", "a.yml,../b,/c").files
    assert given == (inner / "a.yml", inner / "../b", Path("/c"))
    monkeypatch.setenv("HARNESS_FILES", "x.yml")
    assert read(pytester).files == (inner / "x.yml",)


def test_the_report_goes_where_it_is_named_from(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = pytester.path
    assert read(pytester).report is None
    pytester.makeini("[pytest]\nharness_report = out/report")
    inner = root / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert read(pytester).report == root / "out/report"
    monkeypatch.setenv("HARNESS_REPORT", "of-env")
    assert read(pytester).report == inner / "of-env"
    assert read(pytester, "--harness-report", "../given").report == inner / "../given"


@pytest.mark.parametrize(
    ("ini", "args", "message"),
    [
        ("", ["--harness-timeout", "soon"], "--harness-timeout: 'soon' is not a duration such as"),
        ("harness_timeout = 1 day", [], "ini harness_timeout: '1 day' is not a duration"),
        (
            "",
            ["--harness-subnets", "10.0.0.1/16"],
            "--harness-subnets: '10.0.0.1/16' is not auto, ",
        ),
        ("harness_subnets = 10.0.0.0/29", [], "ini harness_subnets: '10.0.0.0/29' is not auto, "),
        ("harness_fail_on = crash", [], "ini harness_fail_on: 'crash' cannot be used: it must be "),
        ("harness_budget = 0.5x", [], "ini harness_budget: '0.5x' is not a duration such as 5s, "),
        ("harness_retry_start = maybe", [], "ini harness_retry_start: 'maybe' is not true or"),
    ],
)
def test_a_value_that_makes_no_sense_is_told_with_its_place(
    pytester: pytest.Pytester, ini: str, args: list[str], message: str
) -> None:
    pytester.makeini(f"[pytest]\n{ini}")
    with pytest.raises(SettingError, match=message):
        read(pytester, *args)


def test_a_wrong_value_of_the_environment_is_told_with_its_place(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_TIMEOUT", "x")
    with pytest.raises(SettingError, match="the environment variable HARNESS_TIMEOUT: 'x'"):
        read(pytester)


def test_an_option_that_belongs_to_another_plugin_is_not_read(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfig("--docker-compose-no-build", "--harness-timeout", "5")
    chosen = settings.read(config, taken=True)
    assert (chosen.build, chosen.timeout) == (True, 5)


def test_every_key_is_named_by_the_rule() -> None:
    for key in KEYS:
        assert key.option.startswith(("--harness-", "--docker-compose"))
        assert not key.ini or key.ini.startswith("harness_")


def test_the_table_of_the_documentation_has_a_row_for_each_key() -> None:
    rows = keys.table().splitlines()[2:]
    assert len(rows) == len(KEYS)
    for key, row in zip(KEYS, rows, strict=True):
        assert key.option in row
        assert key.help in row
        assert row.count(" | ") == 4


def test_isolation_and_what_starts_ahead_and_is_kept_can_be_set_everywhere(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chosen(*args: str) -> tuple[Isolation, int | None, bool]:
        found = read(pytester, *args)
        return found.isolation, found.ahead, found.keep

    assert chosen() == (Isolation.FRESH, None, False)
    pytester.makeini("[pytest]\nharness_isolation = reset\nharness_ahead = 2\nharness_keep = true")
    assert chosen() == (Isolation.RESET, 2, True)
    monkeypatch.setenv("HARNESS_ISOLATION", "Shared")
    monkeypatch.setenv("HARNESS_AHEAD", "3")
    monkeypatch.setenv("HARNESS_KEEP", "no")
    assert chosen() == (Isolation.SHARED, 3, False)
    given = "--harness-isolation=fresh", "--harness-ahead=0", "--harness-keep"
    assert chosen(*given) == (Isolation.FRESH, 0, True)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--harness-isolation=own", "'own' is not fresh, reset or shared"),
        ("--harness-ahead=-1", "'-1' is not a number of stacks, 0 or more"),
        ("--harness-ahead=one", "'one' is not a number of stacks, 0 or more"),
    ],
)
def test_a_wrong_isolation_or_number_is_told_with_its_option(
    pytester: pytest.Pytester, option: str, message: str
) -> None:
    with pytest.raises(SettingError) as told:
        read(pytester, option)
    assert str(told.value) == f"{option.partition('=')[0]}: {message}"


def test_services_are_named_several_times_or_separated_by_commas(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]\nharness_local =\n    one, two\n    three")
    assert read(pytester).local == ("one", "two", "three")
    monkeypatch.setenv("HARNESS_LOCAL", "four,five")
    assert read(pytester).local == ("four", "five")
    assert read(pytester, "--harness-local=six", "--harness-local=seven,six").local == (
        "six",
        "seven",
    )
    places = read(pytester, "--harness-remote", "a=http://x:1,b=y:2").remote
    assert places == {"a": "http://x:1", "b": "y:2"}


@pytest.mark.parametrize("value", ["one", "one=", "=h:1", "one=h:1,one=h:2"])
def test_a_service_that_is_elsewhere_is_at_one_address(
    pytester: pytest.Pytester, value: str
) -> None:
    with pytest.raises(SettingError, match=f"--harness-remote: '{value}' is not services with"):
        read(pytester, "--harness-remote", value)


@pytest.mark.parametrize("workers", [["-n2"], ["--tx=popen"]])
def test_what_the_user_starts_goes_with_no_workers(
    pytester: pytest.Pytester, workers: list[str]
) -> None:
    assert read(pytester, "--harness-attach=one", "-n0").attach == ("one",)
    with pytest.raises(SettingError, match="--harness-attach cannot go with workers of xdist"):
        read(pytester, "--harness-attach=one", *workers)
