"""Somebody else removes what a test uses: its container, or its network."""

from __future__ import annotations

import re

import pytest

from ..eventually import eventually
from ..messages.project import FOREVER, IMAGE, Project, engine

APP = f"""
    app:
      image: {IMAGE}
      command: {FOREVER}
      x-harness: {{reset: none}}
    """
# what somebody else does, from within a test: the engine is asked directly
HEAD = """
from harness.engine.client import connect

api, _ = connect()


def remove(container):
    api.remove_container(container.id, force=True)


def networks(container):
    settings = api.inspect_container(container.id)["NetworkSettings"]
    return [network["NetworkID"] for network in settings["Networks"].values()]


@pytest.fixture(scope="session", autouse=True)
def closed():
    yield
    api.close()


@pytest.fixture
def app_container(container_getter):
    return container_getter.get("app")


pytestmark = pytest.mark.app
"""
NEXT = """
def test_next(app_container):
    assert app_container.exec(["true"]).exit_code == 0
"""
MAY_DIE = "@pytest.mark.app(may_die=True)\n"
REMOVED = (
    "of service 'app' (compose/app.yml:2) was removed while this test ran, and not by the harness"
)


@pytest.mark.parametrize("isolation", ["fresh", "reset", "shared"])
def test_a_container_that_is_removed_in_a_test_fails_it_and_not_the_next(
    project: Project, isolation: str
) -> None:
    project.services(APP)
    project.test(
        HEAD
        + """
def test_removed(app_container):
    remove(app_container)
    app_container.exec(["true"])
"""
        + NEXT
    )

    outcome = project.run(f"--harness-isolation={isolation}")

    assert "1 failed, 1 passed" in outcome.text
    assert "of service 'app' (compose/app.yml:2) does not exist any more" in outcome.text
    assert "somebody else removed it (`docker rm`" in outcome.messages["test_removed"]
    assert REMOVED in outcome.reports["test_removed"]


def test_the_anonymous_volume_of_a_container_that_is_removed_goes_as_well(
    project: Project,
) -> None:
    project.services(APP.rstrip() + "\n      volumes: [/data]\n")
    project.test(
        HEAD
        + """
def test_removed(app_container):
    (mount,) = api.inspect_container(app_container.id)["Mounts"]
    remove(app_container)
    print(mount["Name"])
    assert 0
"""
    )

    outcome = project.run()

    (name,) = re.findall("[0-9a-f]{64}", outcome.text)
    assert name not in [v["Name"] for v in engine().volumes()["Volumes"] or ()]


def test_a_failure_of_the_tests_own_is_told_with_what_was_removed(project: Project) -> None:
    project.services(APP)
    project.test(HEAD + "def test_it(app_container):\n    remove(app_container)\n    assert 0\n")

    outcome = project.run()

    assert REMOVED in outcome.reports["test_it"]


@pytest.mark.parametrize("isolation", ["fresh", "reset", "shared"])
def test_a_container_that_is_removed_and_may_be_fails_nothing(
    project: Project, isolation: str
) -> None:
    project.services(APP)
    project.test(HEAD + MAY_DIE + "def test_it(app_container): remove(app_container)\n" + NEXT)

    outcome = project.run(f"--harness-isolation={isolation}")

    assert "2 passed" in outcome.text


def test_what_a_session_fixture_holds_stands_for_the_new_container(project: Project) -> None:
    project.services(APP)
    project.test(
        HEAD
        + """
@pytest.fixture(scope="session")
def held(app):
    return app.container

@pytest.mark.app(may_die=True)
def test_it(held): remove(held)
def test_next(held): assert held.exec(["true"]).exit_code == 0
"""
    )

    outcome = project.run()

    assert "2 passed" in outcome.text
    assert "service 'app': its container was removed by somebody else, and is made anew" in (
        outcome.text
    )


def test_a_container_that_is_removed_while_it_is_waited_for_fails_one_test(
    project: Project,
) -> None:
    gate = project.root / "gate"
    gate.mkdir()
    project.services(
        f"""
        app:
          image: {IMAGE}
          command: {FOREVER}
          volumes: ["{gate}:/gate"]
          healthcheck: {{test: test -f /gate/open}}
        """
    )
    project.test(HEAD + "def test_first(): pass\ndef test_second(): pass\n")

    with project.running() as process:
        (name,) = eventually(lambda: project.containers(everything=False))
        project.client.remove_container(name, force=True)
        (gate / "open").touch()
        outcome = project.finish(process)

    assert "1 passed, 1 error" in outcome.text
    message = outcome.messages["test_first"]
    assert message.startswith("compose/app.yml:2: service 'app': its container, or a network that")
    assert "was removed while it was being waited for" in message


def test_a_network_that_is_removed_in_a_test_is_told_and_the_next_has_its_own(
    project: Project,
) -> None:
    project.services(APP)
    project.test(
        HEAD
        + """
def test_removed(app_container):
    (network,) = networks(app_container)
    api.disconnect_container_from_network(app_container.id, network, force=True)
    api.remove_network(network)
    assert 0, "nobody answers"
"""
        + NEXT
    )

    outcome = project.run()

    assert "1 failed, 1 passed" in outcome.text
    assert (
        "is connected to none of its 1 networks: somebody else disconnected it"
        in (outcome.reports["test_removed"])
    )
