"""What is told of a start that fails, in real containers."""

from __future__ import annotations

import re

from ..messages.project import FOREVER, IMAGE, Project
from .test_failing_tests import section

# asks for what never comes: a port on which nothing listens
DEEP = f"""
    orders:
      image: {IMAGE}
      command: {FOREVER}
      depends_on: {{catalog: {{condition: service_healthy}}}}
    catalog:
      image: {IMAGE}
      command: {FOREVER}
      healthcheck: {{test: "true"}}
      depends_on:
        postgres: {{condition: service_healthy}}
        redis: {{condition: service_started}}
    redis:
      image: {IMAGE}
      command: [sh, -c, "echo redis is up; exec {FOREVER}"]
    postgres:
      image: {IMAGE}
      command: [sh, -c, "echo warming up; exec {FOREVER}"]
      healthcheck: {{test: "echo no route; exit 4"}}
      depends_on: [redis]
      x-harness: {{ready: {{timeout: 1s}}}}
    """


def test_a_start_that_fails_three_levels_down_shows_who_waited_for_whom(project: Project) -> None:
    project.services(DEEP)
    project.test(
        """
@pytest.mark.orders
def test_first(): pass

@pytest.mark.orders
def test_second(): pass
"""
    )

    outcome = project.run()

    error, told = outcome.messages["test_first"], section(outcome.reports["test_first"])
    assert "service 'postgres' was not ready after 1 s: waited for health check" in error
    assert "last seen: exit code 4: no route" in error
    assert error.endswith("Its last log lines:\n    warming up")
    assert told.startswith(
        "the test wants orders\n"
        "  orders waits for catalog (service_healthy)\n"
        "    catalog waits for postgres (service_healthy)\n"
        "      postgres failed, as told above\n"
        "ready by then: redis (in "
    )
    assert re.search(r"redis +\| redis is up\n", told)
    assert "warming up" not in told, "the error has it"
    assert "[" not in told, "what the harness removes is no news"
    assert re.search(rf"^postgres +running \(starting\), {IMAGE}", told, re.MULTILINE)
    assert re.search(rf"^orders +created, {IMAGE}", told, re.MULTILINE)
    (file,) = re.findall(r"^The whole log: (\S+)$", told, re.MULTILINE)
    assert "postgres | warming up" in (project.root / file).read_text()

    again = outcome.reports["test_second"]
    assert again.strip().startswith("as in test_it.py::test_first: compose/app.yml:")
    assert "service 'postgres' was not ready after 1 s" in again
    assert "warming up" not in again
    assert " services -" not in again


def test_a_service_that_joins_a_test_and_dies_is_told_with_those_that_were_there(
    project: Project,
) -> None:
    project.services(
        f"""
        db:
          image: {IMAGE}
          command: [sh, -c, "echo db is up; exec {FOREVER}"]
        app:
          image: {IMAGE}
          command: [sh, -c, "echo no config >&2; exit 3"]
          ports: ["80"]
          depends_on: [db]
        """
    )
    project.test("def test_it(request, db): request.getfixturevalue('app')\n")

    outcome = project.run()

    told = section(outcome.reports["test_it"])
    assert "service 'app' exited with code 3" in outcome.message
    assert told.startswith("the test wants app\n  app failed")
    assert "db  | db is up" in told
    assert "app | no config" not in told
    assert re.search(r"^app  exited \(exit 3\)", told, re.MULTILINE)


def test_a_start_that_no_service_has_failed_has_no_section(project: Project) -> None:
    project.services(f"app: {{image: {IMAGE}, command: {FOREVER}}}")
    project.test("@pytest.mark.services('app', env={1: 2})\ndef test_it(): pass\n")

    outcome = project.run()

    assert " services -" not in outcome.reports["test_it"]
