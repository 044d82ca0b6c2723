"""Every service is a marker."""

from __future__ import annotations

import pytest

from .team import Team


def test_a_service_marks_functions_classes_and_parameters(team: Team) -> None:
    team.services("alpha", "beta")
    team.tests(
        """
        import pytest

        @pytest.mark.alpha
        def test_function(): ...

        @pytest.mark.alpha
        class TestClass:
            def test_method(self): ...

        @pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.alpha), 2])
        def test_parameter(x): ...

        @pytest.mark.beta
        def test_of_another_service(): ...
        """
    )
    assert team.collected("-m", "alpha") == {
        "test_function",
        "TestClass::test_method",
        "test_parameter[1]",
    }


def test_a_service_marks_a_module(team: Team) -> None:
    team.services("alpha", "beta")
    team.tests(
        """
        import pytest

        pytestmark = [pytest.mark.alpha, pytest.mark.services("beta")]

        def test_one(): ...
        def test_two(): ...
        """
    )
    assert team.collected("-m", "alpha and beta") == {"test_one", "test_two"}


def test_the_list_of_markers_says_where_a_service_is_defined(team: Team) -> None:
    team.write(
        "compose/shop.yml",
        """
        services:
          alpha: {image: a}

          beta: {image: b}
        """,
    )
    markers = team.marker_lines()
    assert "the test needs service 'alpha' (compose/shop.yml:3)" in markers["alpha"]
    assert "the test needs service 'beta' (compose/shop.yml:5)" in markers["beta"]
    assert markers["services"].startswith("services(*names, env=None): ")


def test_a_dash_and_a_dot_become_an_underscore(team: Team) -> None:
    team.services("my-db", "node.js")
    team.tests(
        """
        import pytest

        @pytest.mark.my_db
        def test_database(): ...

        def test_node(node_js): ...
        """
    )
    assert "'my-db'" in team.marker_lines()["my_db"]
    assert "'node.js'" in team.marker_lines()["node_js"]
    assert team.collected("-m", "my_db") == {"test_database"}
    assert team.collected("-m", "node_js") == {"test_node"}


@pytest.mark.parametrize(
    ("service", "why"),
    [
        ("3scale", "`3scale` is no Python identifier"),
        ("class", "`class` is a Python keyword"),
        ("_hidden", "`_hidden` begins with an underscore"),
        ("services", "`services` is taken by pytest or the harness itself"),
        ("skip", "`skip` is a marker of pytest or of another plugin"),
    ],
)
def test_a_service_without_a_marker_is_listed_with_the_reason(
    team: Team, service: str, why: str
) -> None:
    team.services("alpha", service)
    team.tests(
        f"""
        import pytest

        @pytest.mark.services("{service}", "alpha")
        def test_it(): ...
        """
    )
    markers = team.marker_lines()
    assert markers["services"].endswith(f". Only so: '{service}' ({why})")
    assert team.collected("-m", "alpha") == {"test_it"}


def test_two_services_that_would_share_a_marker_have_none(team: Team) -> None:
    team.services("my-db", "my.db")
    markers = team.marker_lines()
    assert "my_db" not in markers
    for service in ("my-db", "my.db"):
        assert f"'{service}' (`my-db` and `my.db` would both be `my_db`)" in markers["services"]


def test_a_misspelt_marker_stops_collection_when_markers_are_strict(team: Team) -> None:
    team.services("alpha")
    team.tests("import pytest\n@pytest.mark.alhpa\ndef test_it(): ...")
    result = team.run("--collect-only")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*'alhpa' not found in `markers` configuration option*"])


def test_the_marker_that_a_team_registered_in_its_ini_file_is_the_services(team: Team) -> None:
    team.services("alpha")
    team.ini("markers = alpha(env): whatever is about alpha")
    team.tests(
        """
        import pytest

        @pytest.mark.alpha
        def test_marked(request):
            assert request.getfixturevalue("container_getter").get("alpha").status == "running"

        def test_by_fixture(alpha): ...
        """
    )
    listed = [line for line in team.run("--markers").outlines if "mark.alpha" in line]
    assert listed == ["@pytest.mark.alpha(env): whatever is about alpha"]
    assert team.collected("-m", "alpha") == {"test_marked", "test_by_fixture"}
    team.passes("-k", "marked", passed=1)


def test_the_marker_that_a_conftest_registered_is_the_services(team: Team) -> None:
    team.services("alpha")
    team.conftest(
        """
        def pytest_configure(config):
            config.addinivalue_line("markers", "alpha: whatever is about alpha")
        """
    )
    team.tests("def test_by_fixture(alpha): ...")
    assert team.marker_lines()["alpha"] == "alpha: whatever is about alpha"
    assert team.collected("-m", "alpha") == {"test_by_fixture"}


PYTESTS_OWN = """
import pytest

@pytest.mark.skip(reason="not today")
def test_skipped(): assert False

@pytest.mark.xfail(strict=True)
def test_expected_to_fail(): assert False

@pytest.mark.parametrize("number", [1, 2])
def test_numbers(number): assert number in (1, 2)

@pytest.fixture
def ready(): seen.append(1)
seen = []

@pytest.mark.usefixtures("ready")
def test_prepared(): assert seen
"""


def test_pytests_own_markers_mean_what_they_always_meant(team: Team) -> None:
    team.services("skip", "xfail", "parametrize", "usefixtures")
    team.tests(PYTESTS_OWN)
    # No service is started: none of these marks names one.
    result = team.run("-W", "error")
    result.assert_outcomes(passed=3, skipped=1, xfailed=1)


def test_a_marker_of_another_plugin_is_left_alone(team: Team) -> None:
    team.services("celery")
    team.write(
        "celery_plugin.py",
        """
        def pytest_configure(config):
            config.addinivalue_line("markers", "celery(workers): how many workers")
        """,
    )
    team.tests(
        """
        import pytest

        @pytest.mark.celery(workers=3)
        def test_theirs(request):
            assert [m.kwargs for m in request.node.iter_markers("celery")] == [{"workers": 3}]

        @pytest.mark.services("celery")
        def test_ours(): ...
        """
    )
    team.pytester.syspathinsert()
    result = team.run("-p", "celery_plugin", "--markers")
    assert result.stdout.str().count("@pytest.mark.celery") == 1
    result.stdout.fnmatch_lines(["*'celery' (`celery` is a marker of pytest or of another plugin)"])
    team.run("-p", "celery_plugin", "-k", "theirs").assert_outcomes(passed=1, deselected=1)
    assert team.collected("-p", "celery_plugin", "-m", "celery") == {"test_theirs"}


def test_a_mark_gives_its_service_an_environment_and_the_closest_wins(team: Team) -> None:
    team.service("alpha", environment={"COLOUR": "red", "SIZE": "1", "FORM": "round"})
    team.services("my-db")
    team.tests(
        """
        import pytest

        pytestmark = pytest.mark.alpha(env={"COLOUR": "blue", "SIZE": 2})

        def colours(container_getter, service="alpha"):
            env = container_getter.get(service).env
            return env.get("COLOUR"), env.get("SIZE"), env.get("FORM")

        def test_of_the_module(container_getter):
            assert colours(container_getter) == ("blue", "2", "round")

        @pytest.mark.services("alpha", "my-db", env={"COLOUR": "green"})
        def test_of_the_function(container_getter):
            assert colours(container_getter) == ("green", "2", "round")
            assert colours(container_getter, "my-db") == ("green", None, None)

        @pytest.mark.parametrize(
            "colour",
            [
                pytest.param("pi$$nk", marks=pytest.mark.alpha(env={"COLOUR": "pi$$nk"})),
                pytest.param("white", marks=pytest.mark.services("alpha", env={"COLOUR": "white"})),
            ],
        )
        def test_of_the_parameter(colour, container_getter):
            assert colours(container_getter) == (colour, "2", "round")
        """
    )
    team.passes(passed=4)
