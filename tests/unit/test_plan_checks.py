from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from harness.errors import (
    ComposeFileError,
    DependencyCycleError,
    MissingVariableError,
    SettingError,
)
from harness.model.project import parse_project, parse_service
from harness.plan.checks import (
    check_dependencies,
    check_env_files,
    check_references,
    check_sense,
    written_to,
)
from harness.plan.extension import (
    check_extension,
    check_project_extensions,
    check_resolved_extension,
)
from harness.plan.variables import VariableFindings, check_variables, find_unset
from harness.source import Source, discover


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path


def source(root: Path, text: str) -> Source:
    (root / "compose.yaml").write_text(dedent(text).lstrip("\n"))
    found = discover(root, ())
    assert found is not None
    return found


def test_a_dependency_that_does_not_exist_is_told_with_its_place(root: Path) -> None:
    written = source(
        root,
        """
        services:
          app:
            depends_on:
              - postgers
          postgres: {}
        """,
    )
    with pytest.raises(ComposeFileError, match=r"compose.yaml:4: service 'app' depends on "
                       r"'postgers'.* Did you mean 'postgres'"):  # fmt: skip
        check_dependencies(written)


def test_a_dependency_that_is_not_required_may_be_missing(root: Path) -> None:
    text = "services: {app: {depends_on: {x: {condition: service_started, required: false}}}}"
    check_dependencies(source(root, text))


def test_a_dependency_may_be_in_a_file_that_only_compose_can_include(root: Path) -> None:
    text = "include: ['${DIR:-sub}/x.yml']\nservices: {app: {depends_on: [hidden]}}"
    check_dependencies(source(root, text))


def test_a_circle_is_told_along_its_way_with_every_place(root: Path) -> None:
    written = source(
        root,
        """
        services:
          a: {depends_on: [b]}
          b: {links: [c]}
          c: {network_mode: "service:a"}
          d: {depends_on: [a]}
        """,
    )
    with pytest.raises(DependencyCycleError) as told:
        check_dependencies(written)
    message = str(told.value)
    assert any(way in message for way in ("a → b → c → a", "b → c → a → b", "c → a → b → c"))
    assert all(f"compose.yaml:{line}" in message for line in (2, 3, 4))
    assert "compose.yaml:5" not in message


def test_a_service_that_depends_on_itself_is_a_circle(root: Path) -> None:
    with pytest.raises(DependencyCycleError, match="app → app"):
        check_dependencies(source(root, "services: {app: {depends_on: [app]}}"))


VARIABLES = """
services:
  app:
    image: ${IMAGE}
    environment:
      NOTE: ${NOTE}
      DEFAULT: ${DEFAULT:-x}
  other:
    image: ${OTHER:?set it}
  strict:
    environment: {TOKEN: "${TOKEN:?ask the team}"}
networks:
  net: {name: "${NET}"}
"""
UNSET = {
    "IMAGE": None, "NOTE": None, "DEFAULT": None, "OTHER": "set it", "TOKEN": "ask the team",
    "NET": None,
}  # fmt: skip


def unset(
    written: Source, needed: list[str], unset: Mapping[str, str | None], **more: Any
) -> VariableFindings:
    services = {name: config or {} for name, config in more.pop("services", {}).items()}
    document = {"services": {**{name: {} for name in written.services}, **services}}
    project = replace(parse_project(document, unset), **more)
    return find_unset(written, project, [project.services[name] for name in needed])


def test_a_variable_that_a_needed_service_cannot_do_without_is_an_error(root: Path) -> None:
    findings = unset(source(root, VARIABLES), ["app"], UNSET)
    (error,) = findings.errors
    assert "compose.yaml:3: the variable IMAGE has no value; `image` of service 'app'" in error
    assert "${IMAGE:-…}" in error
    with pytest.raises(MissingVariableError, match="IMAGE"):
        check_variables(findings)


def test_elsewhere_it_is_a_warning(root: Path) -> None:
    warnings = unset(source(root, VARIABLES), ["app"], UNSET).warnings
    assert sorted(w.split("the variable ")[1].split()[0] for w in warnings) == ["NOTE"]


def test_a_part_of_the_project_counts_where_the_closure_uses_it(root: Path) -> None:
    text = """
    x-common: &common {TOKEN: "${TOKEN:?}"}
    name: ${NAME:?}
    services:
      app: {}
      other: {environment: *common}
    volumes: {data: {name: "${DATA:?}"}}
    networks: {net: {name: "${NET:?}"}}
    secrets: {key: {file: "${KEY:?}"}}
    configs: {conf: {file: "${CONF:?}"}}
    """
    written = source(root, text)
    nowhere = dict.fromkeys(("TOKEN", "NAME", "DATA", "NET", "KEY", "CONF"), "")
    findings = unset(written, ["app"], nowhere)
    assert (findings.errors, findings.warnings) == ((), ())
    other = {
        "volumes": [{"type": "volume", "source": "data"}],
        "networks": {"net": None},
        "secrets": [{"source": "key"}],
        "configs": [{"source": "conf"}],
    }
    errors = unset(written, ["other"], nowhere, services={"other": other}).errors
    named = [error.split("the variable ")[1].split()[0] for error in errors]
    assert sorted(named) == ["CONF", "DATA", "KEY", "NET", "TOKEN"]


def test_what_a_later_file_replaces_is_no_finding(root: Path) -> None:
    (root / "compose.override.yaml").write_text(
        "services: {app: {image: b, ports: ['1'], environment: {A: b}, command: [b]}}"
    )
    written = source(
        root,
        """
        services:
          app:
            image: ${IMAGE:?}/a
            command: [a, "$COMMAND"]
            environment: {A: "${A:?}", B: $B}
            ports: ["${PORT}:80"]
        """,
    )
    nowhere = {"IMAGE": "", "COMMAND": None, "A": "", "B": None, "PORT": None}
    findings = unset(written, ["app"], nowhere)
    assert ["PORT" in error for error in findings.errors] == [True]
    assert ["variable B" in warning for warning in findings.warnings] == [True]


def test_a_placeholder_must_not_reach_a_needed_service(root: Path) -> None:
    written = source(
        root,
        """
        services:
          app: {environment: {A: $A, B: "${B:-5}", C: "${C:-5}"}}
          other: {scale: $A, cpus: $B, environment: {C: "${C:?}"}}
        """,
    )
    nowhere = {"A": None, "B": None, "C": ""}
    findings = unset(written, ["app"], nowhere, placeholders={"A": "10", "B": "5", "C": "10"})
    a, c = findings.errors
    assert "compose.yaml:2: the variable A has no value; `environment` of service 'app'" in a
    assert "the variable C has no value" in c
    assert "Set it in the environment or in a .env file, or use two variables" in c
    assert not findings.warnings


def test_what_services_name_must_be_defined() -> None:
    document = {
        "services": {
            "app": {"volumes": [{"type": "volume", "source": "dta"}]},
            "other": {"depends_on": {"ap": {"condition": "service_started"}}},
            "lax": {"depends_on": {"gone": {"required": False}}, "networks": {"net": None}},
        },
        "volumes": {"data": None},
        "networks": {"net": None},
    }
    project = parse_project(document, places={"app": "c.yml:2"})
    check_references(project, [project.services["lax"]])
    with pytest.raises(ComposeFileError, match=r"c.yml:2: service 'app' uses the volume 'dta', "
                       r"which no compose file defines. Did you mean 'data'"):  # fmt: skip
        check_references(project, [project.services["app"]])
    with pytest.raises(ComposeFileError, match=r"'other' uses the service 'ap'.*'app'"):
        check_references(project, [project.services["other"]])


def test_what_the_file_demands_is_an_error_in_any_key(root: Path) -> None:
    (error,) = unset(source(root, VARIABLES), ["strict"], UNSET).errors
    assert "the variable TOKEN has no value (ask the team); `environment`" in error


def test_a_variable_that_has_a_value_is_no_finding(root: Path) -> None:
    findings = unset(source(root, VARIABLES), ["app", "other", "strict"], {})
    assert (findings.errors, findings.warnings) == ((), ())
    check_variables(findings)


@pytest.mark.parametrize(
    ("message", "said"),
    [("set it", "a compose file demands it: set it"), ("", "a compose file demands it")],
)
def test_a_demand_that_stands_in_no_file_read_is_an_error_all_the_same(
    root: Path, message: str, said: str
) -> None:
    (error,) = unset(source(root, VARIABLES), ["app"], {"ELSEWHERE": message}).errors
    assert error == f"the variable ELSEWHERE has no value, and {said}"


def test_an_env_file_must_be_there_unless_it_need_not() -> None:
    service = parse_service(
        "app",
        {"env_file": [{"path": "/a"}, {"path": "/b", "required": False}, {"path": "/c"}]},
        "compose.yaml:2",
    )
    check_env_files([service], lambda path: path != "/b")
    with pytest.raises(
        ComposeFileError, match=r"compose\.yaml:2: service 'app' wants the env_file /c"
    ):
        check_env_files([service], lambda path: path == "/a")


def test_what_is_external_and_used_is_warned_of() -> None:
    project = parse_project(
        {
            "services": {
                "app": {
                    "networks": {"net": None},
                    "volumes": [{"type": "volume", "source": "data"}],
                }
            },
            "networks": {"net": {"external": True, "name": "theirs"}, "unused": {"external": True}},
            "volumes": {"data": {"external": True}},
        }
    )
    warnings = written_to(project, project.closure(["app"]))
    assert [w.split(" is external")[0] for w in warnings] == [
        "the volume 'data'",
        "the network 'theirs'",
    ]


@pytest.mark.parametrize(
    "extension",
    [
        "{}",
        "{fixed: true}",
        "{ready: {timeout: 1m30s}}",
        "{fixed: $F, ready: {timeout: '${T:-9s}'}}",
    ],
)
def test_an_extension_that_makes_sense_passes(root: Path, extension: str) -> None:
    written = source(root, f"services: {{app: {{x-harness: {extension}}}}}")
    check_extension(written.services["app"])


@pytest.mark.parametrize(
    ("extension", "message"),
    [
        ("{fixd: true}", "unknown key 'fixd'. Did you mean 'fixed'"),
        ("{fixed: maybe}", "x-harness.fixed must be true or false, found 'maybe'"),
        ("{ready: 90s}", "x-harness.ready must be a mapping such as"),
        ("{ready: {timout: 1s}}", "unknown key 'timout'. Did you mean 'timeout'"),
        ("{ready: {timeout: soon}}", "x-harness.ready.timeout must be a duration such as 90s"),
    ],
)
def test_an_extension_that_makes_no_sense_is_told_with_its_place(
    root: Path, extension: str, message: str
) -> None:
    written = source(root, f"services:\n  app:\n    image: x\n    x-harness: {extension}")
    with pytest.raises(SettingError, match=rf"compose\.yaml:4: .*{message}"):
        check_extension(written.services["app"])


def test_what_variables_give_an_extension_is_checked_as_well() -> None:
    section = {"fixed": "true", "ready": {"timeout": "9s"}}
    service = parse_service("app", {"x-harness": section}, "c.yml:2")
    check_resolved_extension(service)
    assert service.fixed
    for wrong, told in (
        ({"fixed": "often"}, "x-harness.fixed must be true or false, found 'often'"),
        ({"ready": {"timeout": "soon"}}, "must be a duration such as 90s, found 'soon'"),
    ):
        with pytest.raises(SettingError, match=rf"c\.yml:2: .*{told}"):
            check_resolved_extension(parse_service("app", {"x-harness": wrong}, "c.yml:2"))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"volumes": {"a": {"x-harness": {"fixd": True}}}}, "of volume 'a': unknown key 'fixd'"),
        ({"networks": {"a": {"x-harness": {"fixed": 1}}}}, "of network 'a' must be true or false"),
        ({"volumes": {"a": {"x-harness": "fixed"}}}, "of volume 'a' must be a mapping"),
        ({"x-harness": {"fixed": True}}, "a top-level x-harness has no keys, found fixed"),
    ],
)
def test_an_extension_outside_services_is_checked_as_well(
    document: dict[str, Any], message: str
) -> None:
    check_project_extensions(parse_project({"volumes": {"a": {"x-harness": {"fixed": True}}}}))
    with pytest.raises(SettingError, match=message):
        check_project_extensions(parse_project(document))


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"scale": -1}, "app.yml:2: service 'app' is scaled to -1 containers"),
        ({"deploy": {"replicas": -3}}, "is scaled to -3 containers"),
        ({"healthcheck": {"test": ["CMD-SHELL"]}}, "['CMD-SHELL'], which names no command"),
        ({"healthcheck": {"test": ["CMD"]}}, "has the health check ['CMD']"),
    ],
)
def test_what_compose_lets_pass_and_comes_to_nothing_is_told(
    config: dict[str, object], told: str
) -> None:
    with pytest.raises(ComposeFileError, match=re.escape(told)):
        check_sense([parse_service("app", config, "app.yml:2")])
