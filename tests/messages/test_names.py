"""Names, markers and settings that make no sense, and ports that are not published."""

from __future__ import annotations

import pytest

from .project import FOREVER, IMAGE, Project

TWO = f"service1: {{image: {IMAGE}, command: {FOREVER}}}\nother: {{image: {IMAGE}}}"


def test_a_misspelt_name_in_a_marker_offers_the_nearest(project: Project) -> None:
    project.services(TWO)
    project.test_of("servce1")

    message = project.run().message

    assert "no compose file defines a service 'servce1'. Did you mean 'service1'?" in message


def test_a_name_that_is_like_no_other_gets_them_all(project: Project) -> None:
    project.services(TWO)
    project.test_of("database")

    message = project.run().message

    assert "no compose file defines a service 'database'. Known: other, service1." in message


@pytest.mark.parametrize("get", ["get('servce1')", "get_all('servce1')", "get(Servce1)"])
def test_a_misspelt_name_in_get_offers_the_nearest_and_shows_the_line(
    project: Project, get: str
) -> None:
    project.services(TWO)
    project.test(
        f"""
        import harness

        class Servce1(harness.Service, container_name="servce1"): pass

        @pytest.mark.service1
        def test_it(container_getter):
            container_getter.{get}
        """
    )

    message = project.run().message

    assert "no compose file defines a service 'servce1'. Did you mean 'service1'?" in message
    assert f">       container_getter.{get}" in message
    assert "test_it.py:9: " in message


def test_a_misspelt_name_in_a_fixture_offers_the_nearest_and_shows_the_line(
    project: Project,
) -> None:
    project.services(TWO)
    project.test(
        """
        @pytest.fixture
        def mine(container_getter):
            return container_getter.get("servce1")

        @pytest.mark.service1
        def test_it(mine): pass
        """
    )

    message = project.run().message

    assert "no compose file defines a service 'servce1'. Did you mean 'service1'?" in message
    assert '>       return container_getter.get("servce1")' in message
    assert "test_it.py:5: " in message


def test_a_test_that_names_no_service_is_shown_the_marker_to_write(project: Project) -> None:
    project.services(TWO)
    project.test("def test_it(container_getter): pass")

    message = project.run().message

    assert "test_it.py::test_it asks for container_getter and names no service" in message
    assert "for example @pytest.mark.other" in message
    assert "Services: other, service1." in message


MARKERS = {
    "services()": '@pytest.mark.services names no service; write @pytest.mark.services("n',
    "services(1)": "@pytest.mark.services takes names of services, found 1",
    "services(['other'])": "@pytest.mark.services takes names of services, found ['other']",
    "service1('other')": 'for several services write @pytest.mark.services("service1", …)',
    "service1(evn={})": "@pytest.mark.service1: unknown argument 'evn'; it takes env={…}",
    "service1(env=['A'])": "env must be a mapping of variables to values, found ['A']",
    "service1(env={'A=B': 'c'})": "'A=B' is no variable's name",
    "service1(env={'A': None})": "env['A'] must be text or a number, found None",
}


@pytest.mark.parametrize(("mark", "told"), MARKERS.items(), ids=MARKERS)
def test_a_marker_with_arguments_that_make_no_sense_says_what_it_takes(
    project: Project, mark: str, told: str
) -> None:
    project.services(TWO)
    project.test(f"@pytest.mark.{mark}\ndef test_it(): pass")

    message = project.run().message

    assert told in message
    assert "@pytest.mark.serv" in message


UNPUBLISHED = {
    "service1.port": "wanted the port of service 'service1', which publishes no port",
    "service1.host": "wanted the host of service 'service1', which publishes no port",
    "service1.container.port(80)": "wanted port 80/tcp of service 'service1', which publ",
    "service1.container.network_info[0]": "wanted published port number 0 of service 'service1'",
}


@pytest.mark.parametrize(("wanted", "told"), UNPUBLISHED.items(), ids=UNPUBLISHED)
def test_wanting_the_port_of_a_service_that_publishes_none_shows_the_line_to_add(
    project: Project, wanted: str, told: str
) -> None:
    project.services(TWO)
    project.test(f"def test_it(service1):\n    {wanted}\n")

    message = project.run().message

    assert "DockerConfigurationError" in message
    assert told in message
    assert "Add `ports: [" in message
    assert "compose/app.yml:2" in message
    assert f">       {wanted}" in message


def test_wanting_another_port_than_those_published_names_these(project: Project) -> None:
    project.services(f"app: {{image: {IMAGE}, command: {FOREVER}, ports: ['53/udp', '54/udp']}}")
    project.test("def test_it(app):\n    app.container.port(80)\n")

    message = project.run().message

    assert "wanted port 80/tcp of service 'app', which publishes 53/udp, 54/udp" in message
    assert 'Add `ports: ["80"]`' in message


@pytest.mark.parametrize(
    ("args", "env", "ini", "where"),
    [
        (["--harness-timeout", "soon"], {}, "", "--harness-timeout"),
        ([], {"HARNESS_TIMEOUT": "soon"}, "", "the environment variable HARNESS_TIMEOUT"),
        ([], {}, "harness_timeout = soon", "ini harness_timeout"),
    ],
    ids=["option", "environment", "ini"],
)
def test_a_timeout_that_is_no_duration_is_told_with_where_it_was_set(
    project: Project, args: list[str], env: dict[str, str], ini: str, where: str
) -> None:
    project.services(TWO)
    project.test("def test_it(): pass")
    project.write("tox.ini", f"[pytest]\n{ini}\n")

    refusal = project.run(*args, env=env).refusal

    assert f"{where}: 'soon' is not a duration such as 90 or 1m30s" in refusal


def test_a_switch_that_is_neither_on_nor_off_is_told_with_where_it_was_set(
    project: Project,
) -> None:
    project.services(TWO)
    project.test("def test_it(): pass")

    refusal = project.run(env={"HARNESS_RETRY_START": "perhaps"}).refusal

    where = "the environment variable HARNESS_RETRY_START"
    assert f"{where}: 'perhaps' is not true or false" in refusal
