from __future__ import annotations

from pathlib import Path
from textwrap import dedent

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
    check_extension,
    check_variables,
    find_unset,
    written_to,
)
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
        check_dependencies(written.services)


def test_a_dependency_that_is_not_required_may_be_missing(root: Path) -> None:
    text = "services: {app: {depends_on: {x: {condition: service_started, required: false}}}}"
    check_dependencies(source(root, text).services)


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
        check_dependencies(written.services)
    message = str(told.value)
    assert any(way in message for way in ("a → b → c → a", "b → c → a → b", "c → a → b → c"))
    assert all(f"compose.yaml:{line}" in message for line in (2, 3, 4))
    assert "compose.yaml:5" not in message


def test_a_service_that_depends_on_itself_is_a_circle(root: Path) -> None:
    with pytest.raises(DependencyCycleError, match="app → app"):
        check_dependencies(source(root, "services: {app: {depends_on: [app]}}").services)


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


def test_a_variable_that_a_needed_service_cannot_do_without_is_an_error(root: Path) -> None:
    findings = find_unset(source(root, VARIABLES), ["app"], UNSET)
    (error,) = findings.errors
    assert "compose.yaml:3: the variable IMAGE has no value; `image` of service 'app'" in error
    assert "${IMAGE:-…}" in error
    with pytest.raises(MissingVariableError, match="IMAGE"):
        check_variables(findings)


def test_elsewhere_it_is_a_warning(root: Path) -> None:
    warnings = find_unset(source(root, VARIABLES), ["app"], UNSET).warnings
    assert sorted(w.split("the variable ")[1].split()[0] for w in warnings) == ["NET", "NOTE"]


def test_what_the_file_demands_is_an_error_in_any_key(root: Path) -> None:
    (error,) = find_unset(source(root, VARIABLES), ["strict"], UNSET).errors
    assert "the variable TOKEN has no value (ask the team); `environment`" in error


def test_a_variable_that_has_a_value_is_no_finding(root: Path) -> None:
    findings = find_unset(source(root, VARIABLES), ["app", "other", "strict"], {})
    assert (findings.errors, findings.warnings) == ((), ())
    check_variables(findings)


@pytest.mark.parametrize(
    ("message", "said"),
    [("set it", "a compose file demands it: set it"), ("", "a compose file demands it")],
)
def test_a_demand_that_stands_in_no_file_read_is_an_error_all_the_same(
    root: Path, message: str, said: str
) -> None:
    (error,) = find_unset(source(root, VARIABLES), ["app"], {"ELSEWHERE": message}).errors
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


@pytest.mark.parametrize("extension", ["{}", "{fixed: true}", "{ready: {timeout: 1m30s}}"])
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
