"""Level 1, by hand, and the vocabulary of pytest-docker-compose."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing

import pytest

from harness.engine.client import connect

from .team import BASE_IMAGE, Team

# As the article on pytest-docker-compose shows it.
OWN_GETTER = """
import pytest
from harness import ContainerGetter, ImageType

@pytest.fixture
def container_getter(request, docker_project):
    services = [marker.name for marker in request.node.own_markers]
    docker_project.up(services)
    yield ContainerGetter(docker_project)
    docker_project.down(
        ImageType.none, request.config.getoption("--docker-compose-remove-volumes")
    )
"""
BY_HAND = """
from dataclasses import dataclass
import pytest
from talk import ask

@dataclass
class Service2:
    container_name = "service2"
    host: str = ""
    port: int = 0

@pytest.fixture
def service2(container_getter) -> Service2:
    info = container_getter.get(Service2.container_name).network_info[0]
    return Service2(info.hostname, info.host_port)

@pytest.mark.service2
def test_service2(service2):
    assert service2.host and service2.port
    assert ask(service2) == "hello"
"""


@pytest.fixture
def shop(team: Team) -> Team:
    """A team with two services, the second of which depends on the first."""
    team.greeter("service1")
    team.greeter("service2", depends_on=["service1"])
    return team


@pytest.mark.parametrize("getter", ["the harness's", "the team's own"])
def test_a_fixture_by_hand_on_the_getter(shop: Team, getter: str) -> None:
    if getter == "the team's own":
        shop.conftest(OWN_GETTER)
    shop.tests(BY_HAND)
    assert shop.collected("-m", "service2") == {"test_service2"}
    shop.passes(passed=1)


@pytest.mark.parametrize(
    ("options", "volumes_left"), [([], 1), (["--docker-compose-remove-volumes"], 0)]
)
def test_a_getter_of_the_teams_own_says_what_becomes_of_volumes(
    team: Team, options: list[str], volumes_left: int
) -> None:
    team.service("alpha", volumes=["data:/data"])
    team.write("compose/data.yml", "volumes: {data: {}}\n")
    team.conftest(OWN_GETTER)
    team.tests(
        """
        from contextlib import closing
        import pytest
        from harness.engine.client import connect
        from eventually import eventually

        left = []

        def volumes(project):
            label = f"com.docker.compose.project={project}"
            with closing(connect()[0]) as api:
                return len(api.volumes(filters={"label": label})["Volumes"] or ())

        @pytest.fixture
        def around(docker_project):
            yield
            assert docker_project.containers() == []
            left.append(volumes(left[0]))

        @pytest.mark.alpha
        def test_marked(around, container_getter):
            left.append(container_getter.get("alpha").labels["com.docker.compose.project"])
            assert volumes(left[0]) == 1

        def test_what_was_left():
            project, after_the_getter = left
            assert after_the_getter == VOLUMES_LEFT
            assert eventually(lambda: volumes(project) == 0)
        """.replace("VOLUMES_LEFT", str(volumes_left))
    )
    team.passes(*options, passed=2)


def test_a_getter_of_the_teams_own_passes_over_marks_that_are_no_services(shop: Team) -> None:
    shop.services("my-db")
    shop.conftest(OWN_GETTER)
    shop.tests(
        """
        import pytest

        @pytest.mark.service1
        @pytest.mark.filterwarnings("default")
        @pytest.mark.parametrize("number", [1, 2])
        def test_parametrized(number, container_getter):
            assert container_getter.get("service1").status == "running"

        @pytest.mark.my_db
        @pytest.mark.usefixtures("tmp_path")
        @pytest.mark.services("service1")
        def test_marker_that_is_spelled_otherwise(container_getter, docker_project):
            services = [c.service for c in docker_project.containers()]
            assert services == ["my-db", "service1"]
        """
    )
    shop.passes(passed=3)


def test_a_misspelt_service_is_no_mark_that_is_passed_over(shop: Team) -> None:
    shop.tests(
        """
        import pytest
        import harness

        def test_up(docker_project):
            with pytest.raises(harness.UnknownServiceError, match="Did you mean 'service1'"):
                docker_project.up(["service1", "servce1"])
            assert docker_project.containers() == []
        """
    )
    shop.run().assert_outcomes(passed=1)


def test_the_project_goes_up_and_down_within_a_test(team: Team) -> None:
    team.service("alpha", depends_on=["beta"], volumes=["data:/data"])
    team.services("beta", "gamma")
    team.write("compose/data.yml", "volumes: {data: {}}\n")
    team.tests(
        """
        import harness

        def names(containers): return [c.service for c in containers]

        def test_it(docker_project):
            assert docker_project.containers() == []
            up = docker_project.up(["alpha"])
            assert names(up) == names(docker_project.containers()) == ["beta", "alpha"]
            assert all(isinstance(c, harness.Container) for c in up)
            first = up[1]
            assert first.exec(["touch", "/data/kept"]).exit_code == 0

            assert names(docker_project.up(["gamma"])) == ["beta", "alpha", "gamma"]
            assert docker_project.containers()[1].id == first.id

            docker_project.down()
            assert docker_project.containers() == []

            again = docker_project.up(["alpha"])[1]
            assert again.id != first.id
            assert again.exec(["ls", "/data"]).output.split() == ["kept"]

            docker_project.down(harness.ImageType.none, True)
            [_, anew] = docker_project.up(["alpha"])
            assert anew.exec(["ls", "/data"]).output.split() == []
        """
    )
    team.passes(passed=1)


def test_a_stack_of_the_whole_session_is_brought_up_outside_of_the_tests(team: Team) -> None:
    team.services("alpha", "beta")
    team.conftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def broker(docker_project):
            [alpha] = docker_project.up(["alpha"])
            yield alpha
            assert alpha.status == "running"
            docker_project.down()
        """
    )
    team.tests(
        """
        def test_one(broker, beta): assert broker.status == "running"
        def test_two(broker): assert broker.status == "running"
        """
    )
    team.passes(passed=2)


@pytest.fixture
def image() -> Iterator[str]:
    """An image that nothing else uses; what has its name as the label ``of`` goes with it."""
    name = f"harness-test-{secrets.token_hex(4)}:latest"
    repository, tag = name.split(":")
    with closing(connect()[0]) as api:
        container = api.create_container(BASE_IMAGE, ["true"])["Id"]
        try:
            # A label, so that it is not the base image under another name.
            api.commit(container, repository, tag, conf={"Labels": {"of": name}})
        finally:
            api.remove_container(container)
        yield name
        for left in api.images(filters={"label": f"of={name}"}):
            api.remove_image(left["Id"], force=True)


@pytest.mark.parametrize("image_type", ["none", "local", "all"])
def test_down_removes_the_images_that_it_is_told_to(
    team: Team, image: str, image_type: str
) -> None:
    team.service("pulled", image=image)
    team.service("built", image="registry.example.com/built", build="./built")
    team.write("compose/built/Dockerfile", f"FROM {BASE_IMAGE}\nLABEL of={image}\n")
    team.tests(
        f"""
        from contextlib import closing
        import harness
        from harness.engine.client import connect

        def test_it(docker_project):
            built, pulled = docker_project.up(["built", "pulled"])
            images = {{built.image: "built", pulled.image: "pulled"}}
            docker_project.down(harness.ImageType.{image_type})
            with closing(connect()[0]) as api:
                left = [which for name, which in images.items() if api.images(name)]
            expected = {{"none": ["built", "pulled"], "local": ["pulled"], "all": []}}
            assert left == expected["{image_type}"]
        """
    )
    team.monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    team.passes(passed=1)
