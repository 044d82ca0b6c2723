"""Images that are not here, and cannot be had."""

from __future__ import annotations

from docker.errors import APIError

from tests.eventually import eventually

from .project import IMAGE, NO_SUCH_IMAGE, Project, engine


def builders(project: Project) -> list[str]:
    """The containers in which an engine without BuildKit runs the steps of a build."""
    return [c["Id"] for c in engine().containers(all=True) if str(project.root) in c["Command"]]


def program(container: str) -> str:
    """What a container runs; the engine keeps no log of a build's step."""
    try:
        (process,) = engine().top(container, "-o pid,args")["Processes"]
    except APIError:
        return "nothing yet"
    return str(process[1])


def test_an_image_that_cannot_be_pulled_is_named_with_the_reason(project: Project) -> None:
    project.services(f"app:\n  image: {NO_SUCH_IMAGE}")
    project.test_of("app")

    message = project.run("-q").message

    assert message.startswith(
        "compose/app.yml:2: the image of 'app' is not here and could not be pulled:"
    )
    assert message.count("connection refused") == 1
    assert "Check the image's name, log in to its registry, or give the service a `build:`" in (
        message
    )


def test_an_image_that_cannot_be_built_shows_the_builders_last_lines(project: Project) -> None:
    project.write(
        "compose/app/Dockerfile",
        f"FROM {IMAGE}\nRUN : {project.root}; echo 'no such package: left-pad'; exit 7\n",
    )
    project.services("app: {build: ./app}")
    project.test_of("app")

    message = project.run("-q").message

    assert message.startswith("compose/app.yml:2: the image of 'app' could not be built. The bu")
    assert "\n    no such package: left-pad\n" in message
    assert "returned a non-zero code: 7" in message or "exit code: 7" in message
    assert "level=warning" not in message
    assert builders(project) == []
    assert "Mend the Dockerfile, or run with --docker-compose-no-build" in message


def test_without_building_an_image_must_be_there(project: Project) -> None:
    project.write("compose/app/Dockerfile", f"FROM {IMAGE}\n")
    project.services(f"app: {{build: ./app, image: '{NO_SUCH_IMAGE}'}}")
    project.test_of("app")

    message = project.run("--docker-compose-no-build").message

    assert f"compose/app.yml:2: service 'app' wants image {NO_SUCH_IMAGE!r}" in message
    assert "which is not here, and --docker-compose-no-build forbids getting it" in message
    assert "Build or pull it" in message


def test_an_image_that_may_not_be_pulled_must_be_there(project: Project) -> None:
    project.services(f"app: {{image: '{NO_SUCH_IMAGE}', pull_policy: never}}")
    project.test_of("app")

    message = project.run().message

    assert f"compose/app.yml:2: service 'app' wants image {NO_SUCH_IMAGE!r}" in message
    assert "its pull_policy is `never`" in message


def test_ctrl_c_during_a_build_leaves_nothing(project: Project) -> None:
    project.write(
        "compose/app/Dockerfile",
        f"FROM {IMAGE}\nRUN : {project.root}; exec sleep infinity\n",
    )
    project.services("app: {build: ./app}")
    project.test_of("app")

    with project.running() as process:
        eventually(lambda: [*map(program, builders(project))], ["sleep infinity"].__eq__)
        text = project.interrupt(process)

    assert "KeyboardInterrupt" in text
    assert builders(project) == []
