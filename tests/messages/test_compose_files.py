"""Compose files that cannot be used."""

from __future__ import annotations

import pytest

from .project import IMAGE, Project


def test_invalid_yaml_is_told_with_line_and_column(project: Project) -> None:
    project.write("compose/app.yml", "services:\n  app: {image: debian\n")
    project.test("def test_it(): pass")

    refusal = project.run().refusal

    assert "compose/app.yml:3:1: invalid YAML: " in refusal
    assert "expected ',' or '}'" in refusal
    assert "Correct it" in refusal


def test_a_tab_is_told_as_one(project: Project) -> None:
    project.write("compose/app.yml", "services:\n\tapp: {image: debian}\n")
    project.test("def test_it(): pass")

    refusal = project.run().refusal

    assert "compose/app.yml:2:1: invalid YAML: " in refusal
    assert "replace the tab" in refusal


def test_a_project_without_services_is_told_with_its_files(project: Project) -> None:
    project.write("compose/app.yml", "services: {}\n")
    project.write("compose/net.yml", "networks: {back: {}}\n")
    project.test("def test_it(): pass")

    refusal = project.run().refusal

    assert "No service is defined in compose/app.yml, compose/net.yml" in refusal
    assert "`services: {db: {image: postgres}}`" in refusal


@pytest.mark.parametrize(
    "test",
    [
        "@pytest.mark.services('app')\ndef test_it(): pass",
        "def test_it(container_getter): pass",
        "def test_it(docker_project): pass",
    ],
    ids=["marker", "getter", "project"],
)
def test_a_project_without_compose_files_says_where_one_is_looked_for(
    project: Project, test: str
) -> None:
    project.test(test)

    message = project.run().message

    assert f"wanted compose/*.yml or compose.yaml in {project.root}" in message
    assert "--docker-compose or ini harness_files" in message
    assert "Add a compose file, or name one" in message


def test_a_path_that_is_not_there_is_told(project: Project) -> None:
    project.test("def test_it(): pass")

    refusal = project.run("--docker-compose", "deploy/compose.yml").refusal

    assert f"There is no compose file or folder '{project.root}/deploy/compose.yml'" in refusal
    assert "Correct the path: --docker-compose or ini harness_files names it" in refusal


def test_a_service_defined_twice_is_told_with_both_places(project: Project) -> None:
    project.services("app: {image: a}")
    project.services("db: {image: b}\napp: {image: c}", file="compose/other.yml")
    project.test("def test_it(): pass")

    refusal = project.run().refusal

    assert "Service 'app' is defined twice: compose/app.yml:2 and compose/other.yml:3" in refusal
    assert "Rename or remove one of them" in refusal
    assert "app.override.yml" in refusal


def test_a_dependency_that_does_not_exist_is_told_with_the_nearest_name(project: Project) -> None:
    project.services(
        f"""
        app:
          image: {IMAGE}
          depends_on: [databas]
        database: {{image: {IMAGE}}}
        """
    )
    project.test_of("app")

    message = project.run().message

    assert "compose/app.yml:4: service 'app' depends on 'databas'" in message
    assert "no compose file defines" in message
    assert "Did you mean 'database'?" in message


def test_a_cycle_is_told_with_the_line_of_each_dependency(project: Project) -> None:
    project.services(
        f"""
        hen: {{image: {IMAGE}, depends_on: [egg]}}
        egg: {{image: {IMAGE}, depends_on: [hen]}}
        """
    )
    project.test_of("hen")

    message = project.run().message

    assert "in a circle: " in message
    assert "hen → egg" in message
    assert "egg → hen" in message
    assert "compose/app.yml:2" in message
    assert "compose/app.yml:3" in message
    assert "Remove one of these dependencies" in message


def test_what_compose_refuses_is_told_in_its_words_with_the_line(project: Project) -> None:
    project.services(f"app: {{image: {IMAGE}, prots: ['80']}}")
    project.test_of("app")

    message = project.run().message

    assert "Compose refuses the compose files: " in message
    assert "services.app.prots is no key that Compose knows" in message
    assert "Correct service 'app' (compose/app.yml:2)." in message


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("{fixd: true}", "unknown key 'fixd'. Did you mean 'fixed'?"),
        ("{fixed: often}", "x-harness.fixed must be true or false, found 'often'"),
        ("{ready: soon}", "must be a mapping such as {timeout: 90s} or {http: /health}, a list"),
        ("{ready: {timeot: 9s}}", "unknown key 'timeot'. Did you mean 'timeout'?"),
        ("{ready: {timeout: soon}}", "must be a duration such as 90s, found 'soon'"),
    ],
    ids=["key", "fixed", "ready", "key-of-ready", "timeout"],
)
def test_an_x_harness_that_makes_no_sense_is_told_with_its_line(
    project: Project, section: str, told: str
) -> None:
    project.services(f"app:\n  image: {IMAGE}\n  x-harness: {section}")
    project.test_of("app")

    message = project.run().message

    assert "compose/app.yml:4: x-harness" in message
    assert told in message


def test_an_x_harness_that_is_no_mapping_is_told_with_its_line(project: Project) -> None:
    project.services(f"app:\n  image: {IMAGE}\n  x-harness: fixed")
    project.test("def test_it(): pass")

    refusal = project.run().refusal

    assert "compose/app.yml:4: `x-harness` of service 'app' must be a mapping" in refusal
