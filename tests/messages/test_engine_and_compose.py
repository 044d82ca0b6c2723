"""No engine, no Compose, or one that is too old; and collecting, which needs none of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from .project import Project

DEAD = "unix:///nowhere/docker.sock"
NOTHING = "app: {image: debian:bookworm-slim}"


@pytest.mark.parametrize(
    ("host", "reason"),
    [(DEAD, "no such file or directory"), ("tcp://127.0.0.1:1", "connection refused")],
)
def test_an_engine_that_does_not_answer_is_named_with_its_address(
    project: Project, host: str, reason: str
) -> None:
    project.services(NOTHING)
    project.test_of()

    message = project.run(env={"DOCKER_HOST": host}).message

    assert f"wanted a Docker Engine at {host}, but none answers: {reason}" in message
    assert "Start it" in message
    assert "set DOCKER_HOST" in message


def test_a_missing_compose_is_told_with_what_to_install(
    project: Project, bare_python: str, tmp_path: Path
) -> None:
    project.services(NOTHING)
    project.test_of()

    message = project.run(env={"PATH": str(tmp_path)}, python=bare_python).message

    assert "wanted Docker Compose v2 or later, found none" in message
    assert "pip install 'pytest-compose-harness[compose]'" in message


def test_a_compose_older_than_v2_is_named_with_its_version(
    project: Project, bare_python: str, tmp_path: Path
) -> None:
    project.services(NOTHING)
    project.test_of()
    old = tmp_path / "docker-compose"
    old.write_text("#!/bin/sh\necho 1.29.2\n")
    old.chmod(0o755)

    message = project.run(env={"PATH": str(tmp_path)}, python=bare_python).message

    assert "wanted Docker Compose v2 or later" in message
    assert f"found only an older one: `{old}` is 1.29.2" in message
    assert "Install the Docker Compose plugin" in message


def test_collecting_needs_no_engine_no_compose_and_no_variable(
    project: Project, bare_python: str, tmp_path: Path
) -> None:
    project.services("app: {image: '${NOBODY_SETS_THIS:?at all}', env_file: nowhere.env}")
    project.test_of()

    outcome = project.run(
        "--collect-only",
        "-q",
        env={"PATH": str(tmp_path), "DOCKER_HOST": DEAD},
        python=bare_python,
    )

    assert outcome.passed
    assert "test_it.py::test_it" in outcome.text
