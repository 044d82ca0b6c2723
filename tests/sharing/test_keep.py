"""Services that one run leaves to the next."""

from __future__ import annotations

import pytest

from tests.engine.lab import docker_client

from .sharing import Sharing

SEES = """
    from notes import saw

    def test_it(web, app, base): saw(web, app, base)
    """


def kept_run(team: Sharing, *args: str) -> dict[str, str]:
    """Run the team's tests with ``--harness-keep``; return the container of each service."""
    team.forget()
    result = team.run_for_real("--harness-keep", *args)
    assert result.ret == 0, result.stdout.str()
    found: dict[str, str] = {}
    for service in ("web", "app", "base"):
        for value in team.values(service):
            assert found.setdefault(service, value) == value
    return found


def running(ids: dict[str, str]) -> bool:
    return all(docker_client().inspect_container(i)["State"]["Running"] for i in ids.values())


@pytest.mark.parametrize("isolation", ["shared", "reset"])
def test_the_next_run_finds_what_one_left_and_replaces_what_has_changed(
    team: Sharing, isolation: str
) -> None:
    team.ini(f"harness_isolation = {isolation}")
    none = {"x-harness": {"reset": "none"}}
    team.greeter("web", depends_on=["app"], **none)
    team.greeter("app", depends_on=["base"], **none)
    team.greeter("base", **none)
    team.tests(SEES)

    first = kept_run(team)
    assert running(first)
    assert kept_run(team) == first

    team.greeter("app", depends_on=["base"], environment={"GREETING": "hi"}, **none)
    changed = kept_run(team)
    assert running(changed)
    assert changed["base"] == first["base"]
    assert not {*changed.values()} & {first["app"], first["web"]}
    assert len([name for name in team.kept() if name.startswith("container")]) == 3


def test_another_image_of_the_same_name_replaces_a_service(team: Sharing) -> None:
    team.ini("harness_isolation = shared")
    team.greeter("web", depends_on=["app"])
    team.greeter("base")
    team.greeter("app", image="registry.example.com/app", build="./app")
    team.tests(SEES)
    dockerfile = "FROM debian:bookworm-slim\nLABEL {label}={of}\n"
    label = f"harness-tests-{team.checkout}"
    images: set[str] = set()
    try:
        found = []
        for version in ("one", "one", "two"):
            team.write("compose/app/Dockerfile", dockerfile.format(label=label, of=version))
            found.append(kept_run(team))
            images |= {i["Id"] for i in docker_client().images(filters={"label": label})}
        assert found[0] == found[1]
        assert found[2]["base"] == found[0]["base"]
        assert not {*found[2].values()} & {found[0]["app"], found[0]["web"]}
    finally:
        team.remove_kept()
        for image in docker_client().images(filters={"label": label}):
            docker_client().remove_image(image["Id"], force=True)


def test_what_a_session_fixture_loads_is_no_part_of_what_is_kept(
    team: Sharing, postgres_image: str
) -> None:
    team.ini("harness_isolation = reset")
    team.postgres(postgres_image)
    team.conftest(
        """
        import pytest
        from notes import sql

        @pytest.fixture(scope="session")
        def schema(postgres):
            sql(postgres, "CREATE TABLE item (word text)", "INSERT INTO item VALUES ('loaded')")
            return postgres
        """
    )
    team.tests(
        """
        import pytest
        from notes import note, saw, sql

        @pytest.mark.parametrize("number", range(2))
        def test_it(schema, number):
            saw(schema)
            note("words", sql(schema, "SELECT word FROM item ORDER BY word").split())
            sql(schema, "INSERT INTO item VALUES ('used')")
        """
    )
    for _ in range(2):  # CREATE TABLE would fail if the table were there
        team.passes("--harness-keep", passed=2)
    assert len({*team.values("postgres")}) == 1
    assert team.values("words") == [["loaded"]] * 4


def test_fresh_stacks_are_not_kept_and_nothing_is_without_the_option(team: Sharing) -> None:
    team.services("app")
    team.tests("from notes import saw\ndef test_it(app): saw(app)\n")
    team.passes("--harness-keep", passed=1)
    assert team.kept() == []
    team.passes("--harness-isolation=shared", passed=1)
    assert team.kept() == []


def test_a_second_run_at_the_same_time_has_stacks_of_its_own(team: Sharing) -> None:
    team.ini("harness_isolation = shared")
    team.services("app")
    team.tests(
        """
        import subprocess, sys
        from notes import saw

        def test_outer(app):
            saw(app)
            run = [sys.executable, "-m", "pytest", "--harness-keep", "inner.py"]
            done = subprocess.run(run, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
            said = "another run of this checkout uses the kept stacks now"
            assert said in done.stdout + done.stderr
        """
    )
    team.write("inner.py", "from notes import saw\ndef test_inner(app): saw(app)\n")
    team.passes("--harness-keep", passed=1)
    assert len({*team.values("app")}) == 2
    assert len(team.kept()) == 2, "the container, and its network"
