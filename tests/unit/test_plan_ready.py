"""What may stand below ``x-harness: {ready: …}``, as written and as Compose resolved it."""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import SettingError
from harness.model.budget import Budget
from harness.model.project import parse_service
from harness.plan.ready import (
    Check,
    Exec,
    Exit,
    Health,
    Http,
    Log,
    Ready,
    Tcp,
    parse_ready,
    ready_of,
)

PORTS = [{"target": 53, "protocol": "udp"}, {"target": 8080}, {"target": 9090}]


def written(section: object) -> Ready:
    return parse_ready(section, "c.yml:4: ", "of service 'app'", written=True)


def resolved(section: object, **config: Any) -> Ready:
    return ready_of(
        parse_service("app", {"ports": PORTS, "x-harness": {"ready": section}, **config}, "c.yml:2")
    )


@pytest.mark.parametrize(
    ("section", "checks"),
    [
        ("tcp", [Tcp()]),
        ({"tcp": True}, [Tcp()]),
        ({"tcp": 8080}, [Tcp((8080,))]),
        ({"tcp": [8080, "9090"]}, [Tcp((8080, 9090))]),
        ({"http": "/health?deep=1"}, [Http("/health?deep=1")]),
        ({"http": {}}, [Http()]),
        ({"http": {"path": "/up", "port": 9090, "status": 204}}, [Http("/up", 9090, (204,))]),
        ({"http": {"status": [200, "401"]}}, [Http(status=(200, 401))]),
        ({"log": "ready to (accept|serve)"}, [Log("ready to (accept|serve)")]),
        ({"log": {"pattern": "ready", "count": 2}}, [Log("ready", 2)]),
        ({"exec": ["pg_isready", "-q"]}, [Exec(("pg_isready", "-q"))]),
        ({"exec": ["pg_isready"]}, [Exec(("pg_isready",))]),
        ({"exec": "test -f /up"}, [Exec(("/bin/sh", "-c", "test -f /up"))]),
        ("health", [Health()]),
        ({"health": True}, [Health()]),
        ({"exit": 0}, [Exit(0)]),
        ({"exit": "3"}, [Exit(3)]),
        ([{"log": "up"}, "tcp", {"http": "/"}], [Log("up"), Tcp(), Http()]),
        ([{"http": "/"}, {"log": "up"}], [Http(), Log("up")]),
        ([{"log": "done"}, {"exit": 0}], [Log("done"), Exit(0)]),
        ([], []),
    ],
)
def test_a_section_says_what_must_hold_and_in_which_order(
    section: object, checks: list[Check]
) -> None:
    assert list(written(section).checks) == list(resolved(section).checks) == checks


def test_several_in_one_mapping_hold_in_an_order_of_their_own() -> None:
    # Compose sorts the keys of what it resolves: what was written is not known any more
    assert resolved({"http": "/", "tcp": True, "log": "up"}).checks == (Log("up"), Tcp(), Http())


@pytest.mark.parametrize(
    "section", [{"timeout": "90s"}, {"timeout": 90, "tcp": True}, ["tcp", {"timeout": "1m30s"}]]
)
def test_a_timeout_stands_in_a_mapping_or_in_the_list(section: object) -> None:
    assert written(section).timeout == resolved(section).timeout == 90


@pytest.mark.parametrize(
    ("section", "wanted"),
    [
        ({"budget": "5s"}, Budget(5.0)),
        ({"budget": "1.5x", "timeout": "90s"}, Budget(factor=1.5)),
        (["tcp", {"budget": 2}], Budget(2.0)),
        ("tcp", None),
    ],
)
def test_a_budget_stands_where_a_timeout_does(section: object, wanted: Budget | None) -> None:
    assert written(section).budget == resolved(section).budget == wanted
    assert written({"budget": "${BUDGET}"}).budget is not None  # judged once it has a value


def test_a_timeout_alone_leaves_the_probes_as_they_are() -> None:
    assert written({"timeout": "90s"}).checks == ()


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("soon", "must be a mapping such as {timeout: 90s} or {http: /health}"),
        (None, "must be a mapping such as"),
        (["tcp", 5], "must be a mapping such as .*, found 5"),
        (
            {"budget": "1x"},
            r"ready\.budget must be a duration such as 5s, or a factor",
        ),
        ([{"budget": "1s"}, {"budget": "2s"}], "must be one with a single budget"),
        ({"htp": "/"}, "unknown key 'htp'. Did you mean 'http'"),
        ([{"lo": "x"}], "unknown key 'lo'. Did you mean 'log'"),
        ({"tcp": False}, r"ready\.tcp must be a container port such as 8080, or true"),
        ({"tcp": [80, 70000]}, r"ready\.tcp must be .*, found 70000"),
        ({"tcp": []}, r"ready\.tcp must be .*, found \[\]"),
        ({"http": 8080}, r"ready\.http must be a path such as /health, or a mapping"),
        ({"http": "health"}, r"begins with / and is percent-encoded\), found 'health'"),
        ({"http": "/a b"}, "percent-encoded"),
        ({"http": {"pth": "/"}}, r"ready\.http: unknown key 'pth'. Did you mean 'path'"),
        ({"http": {"port": "web"}}, r"ready\.http\.port must be a container port"),
        ({"http": {"status": "2xx"}}, r"ready\.http\.status must be an HTTP status such as 200"),
        ({"log": "ready ("}, r"ready\.log must be a regular expression \(.*\), found 'ready \('"),
        ({"log": ""}, r"ready\.log must be a regular expression, or a mapping"),
        ({"log": {"count": 2}}, r"ready\.log must be a regular expression, or a mapping"),
        ({"log": {"pattern": "x", "count": 0}}, r"ready\.log\.count must be a number of lines"),
        ({"exec": []}, r"ready\.exec must be a command"),
        ({"exec": [1]}, r"ready\.exec must be a command"),
        ({"health": "yes"}, r"ready\.health must be true, found 'yes'"),
        ({"exit": True}, r"ready\.exit must be an exit code from 0 to 255, found True"),
        ({"exit": 256}, r"ready\.exit must be an exit code from 0 to 255"),
        ([{"exit": 0}, "tcp"], "must be `exit` alone, or `exit` with `log`"),
        ([{"timeout": 1}, {"timeout": 2}], "must be one with a single timeout"),
    ],
)
def test_a_section_that_makes_no_sense_is_told_with_its_place(section: object, told: str) -> None:
    with pytest.raises(SettingError, match=rf"^c\.yml:4: x-harness\..*{told}"):
        written(section)
    with pytest.raises(SettingError, match=rf"^c\.yml:2: x-harness\..*{told}"):
        resolved(section)


@pytest.mark.parametrize(
    "section",
    [
        "$READY",
        ["$READY"],
        {"tcp": "${PORT}"},
        {"tcp": ["$PORT", 8080]},
        {"http": {"path": "$P", "port": "$P", "status": ["$S"]}},
        {"log": {"pattern": "^up$", "count": "$N"}},
        {"exec": ["$C"]},
        {"exit": "${CODE:-0}"},
        {"health": "${H:-true}", "timeout": "$T"},
    ],
)
def test_what_has_a_variable_in_it_is_judged_once_it_is_resolved(section: object) -> None:
    written(section)


def test_what_variables_give_is_text() -> None:
    assert resolved({"tcp": "true"}).checks == (Tcp(),)
    assert resolved({"health": "true"}).checks == (Health(),)
    assert resolved({"log": {"pattern": "x", "count": "2"}}).checks == (Log("x", 2),)
    assert resolved({"http": {"port": "9090"}}).checks == (Http(port=9090),)
    with pytest.raises(SettingError, match="found 'often'"):
        resolved({"tcp": "often"})


def test_a_dollar_is_written_as_compose_wants_it() -> None:
    assert resolved({"log": "^up$$"}).checks == (Log("^up$"),)
    assert resolved({"exec": 'test "$$X"'}).checks == (Exec(("/bin/sh", "-c", 'test "$X"')),)


@pytest.mark.parametrize(
    ("section", "config", "told"),
    [
        ({"tcp": 53}, {}, r"tcp .* wants port 53/tcp, but the service publishes 53/udp, 8080/tcp"),
        ({"http": {"port": 80}}, {}, r'http .* wants port 80/tcp, .*Add "80" to its `ports:`'),
        ("tcp", {"ports": []}, "wants a published TCP port, but the service publishes no port"),
        ({"http": "/"}, {"ports": PORTS[:1]}, r"wants a published TCP port, .* publishes 53/udp"),
        ("health", {"healthcheck": {"disable": True}}, "which the compose file switches off"),
        ("health", {"healthcheck": {"test": ["NONE"]}}, "which the compose file switches off"),
    ],
)
def test_what_the_service_does_not_have_cannot_be_probed(
    section: object, config: dict[str, Any], told: str
) -> None:
    with pytest.raises(SettingError, match=rf"^c\.yml:2: x-harness\.ready\..*{told}"):
        resolved(section, **config)
