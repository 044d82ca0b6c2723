"""Variables without a value, and files of variables that are not there."""

from __future__ import annotations

import pytest

from .project import FOREVER, IMAGE, Project

# Compose alone would go on with an empty string, or refuse it without the variable's name.
DEMANDING = {
    "image": "image: ${UNSET}",
    "build": "build: {context: ., args: {WHERE: '${UNSET}'}}",
    "command": "command: sleep ${UNSET}",
    "ports": "ports: ['${UNSET}:80']",
    "volumes": "volumes: ['${UNSET}:/data']",
}


@pytest.mark.parametrize("key", DEMANDING)
def test_a_variable_without_value_is_told_with_its_line(project: Project, key: str) -> None:
    image = "" if key == "image" else f"  image: {IMAGE}\n"
    project.services(f"app:\n  init: true\n{image}  {DEMANDING[key]}")
    project.test_of("app")

    message = project.run().message

    line = 4 if key == "image" else 5
    assert f"compose/app.yml:{line}: the variable UNSET has no value" in message
    assert f"`{key}` of service 'app' uses it" in message
    assert "Set it in the environment or in a .env file" in message
    assert "give it a default: ${UNSET:-…}" in message


def test_all_variables_without_value_are_told_at_once(project: Project) -> None:
    project.services(
        f"""
        app:
          image: {IMAGE}
          command: sleep ${{FIRST}}
          volumes: ['./${{SECOND}}:/data']
          depends_on: [db]
        db: {{image: '${{THIRD}}/db'}}
        """
    )
    project.test_of("app")

    message = project.run().message

    assert "compose/app.yml:4: the variable FIRST" in message
    assert "compose/app.yml:5: the variable SECOND" in message
    assert "compose/app.yml:7: the variable THIRD" in message


def test_elsewhere_a_variable_without_value_is_a_warning(project: Project) -> None:
    project.services(
        f"""
        app:
          image: {IMAGE}
          command: {FOREVER}
          environment:
            LEVEL: ${{UNSET}}
        """
    )
    project.test_of("app")

    outcome = project.run()

    assert outcome.passed
    assert "compose/app.yml:6: the variable UNSET has no value" in outcome.text
    assert "`environment` of service 'app' uses it" in outcome.text


def test_a_demanded_variable_is_told_with_the_words_of_the_compose_file(project: Project) -> None:
    project.services(
        f"""
        app:
          image: {IMAGE}
          environment:
            LEVEL: ${{UNSET:?ask the ops team}}
        """
    )
    project.test_of("app")

    message = project.run().message

    assert "compose/app.yml:5: the variable UNSET has no value (ask the ops team)" in message
    assert "`environment` of service 'app' uses it" in message
    assert "Set it in the environment or in a .env file" in message


def test_what_is_wrong_with_a_service_that_nobody_needs_is_no_error(project: Project) -> None:
    project.services(
        f"""
        app: {{image: {IMAGE}, command: {FOREVER}}}
        other:
          image: ${{UNSET:?ask the ops team}}/${{ALSO_UNSET}}
          env_file: nowhere.env
          volumes: ["${{UNSET_SOURCE:?}}:/data", "${{UNSET_TARGET}}:/x"]
          stop_grace_period: ${{UNSET_TIME}}
          scale: ${{UNSET_COUNT}}
        """
    )
    project.test_of("app")

    outcome = project.run()

    assert outcome.passed
    assert "UNSET" not in outcome.text


def test_a_missing_env_file_of_a_needed_service_is_told_with_its_line(project: Project) -> None:
    project.services(f"app:\n  image: {IMAGE}\n  env_file: [nowhere.env]")
    project.test_of("app")

    message = project.run().message

    assert (
        f"compose/app.yml:2: service 'app' wants the env_file {project.root}/compose/nowhere.env, "
        f"which is not there"
    ) in message
    assert "required: false" in message


def test_an_isolation_without_a_value_is_told_where_the_service_is_needed(project: Project) -> None:
    project.services(
        f"""
        app: {{image: {IMAGE}, command: {FOREVER}}}
        other:
          image: {IMAGE}
          x-harness: {{isolation: "${{UNSET}}"}}
        """
    )
    project.test(
        "@pytest.mark.app\ndef test_app(): pass\n@pytest.mark.other\ndef test_it(): pass\n"
    )

    outcome = project.run()

    assert outcome.messages.keys() == {"test_it"}
    assert "compose/app.yml:3: x-harness.isolation must be" in outcome.message
