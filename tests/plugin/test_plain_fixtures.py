"""Level 3, nothing to write: every service has a fixture of its name, unless there is one."""

from __future__ import annotations

import pytest

from .team import Team

WINS = "harness: a fixture named like {} exists already and wins: reach the service by *"


def test_a_service_has_a_fixture_of_its_name_that_says_where_it_listens(team: Team) -> None:
    team.greeter("my-web")
    team.tests(
        """
        import harness
        from talk import ask

        def test_it(my_web):
            assert type(my_web) is harness.Service
            assert my_web.name == "my-web"
            assert isinstance(my_web.port, int)
            [info] = my_web.network_info
            assert info == ("8080/tcp", my_web.host, my_web.port)
            assert my_web.container.port(8080) == my_web.port
            assert ask(my_web) == "hello"
        """
    )
    team.passes(passed=1)


def test_the_list_of_fixtures_tells_of_the_services(team: Team) -> None:
    team.services("alpha", "my-db")
    result = team.run("--fixtures")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "alpha -- *",
            "*The service 'alpha', running and ready: a Service.",
            "my_db -- *",
            "*The service 'my-db', running and ready: a Service.",
        ]
    )


EXISTING = {
    "cache": "def test_it(cache): assert cache.get('k', 1) == 1",
    "tmp_path": "def test_it(tmp_path): assert tmp_path.is_dir()",
    "request": "def test_it(request): assert request.node.name == 'test_it'",
    "monkeypatch": "def test_it(monkeypatch): monkeypatch.setenv('A', 'b')",
    "capsys": "def test_it(capsys): assert capsys.readouterr().out == ''",
    "record_property": "def test_it(record_property): record_property('a', 1)",
    "pytestconfig": "def test_it(pytestconfig): assert pytestconfig.rootpath",
    "tmpdir": "def test_it(tmpdir): assert tmpdir.check()",
    "worker_id": "def test_it(worker_id): assert worker_id == 'master'",
    "container_getter": "def test_it(request): request.getfixturevalue('docker_project')",
    "docker_project": "def test_it(docker_project): assert docker_project.containers() == []",
}


def test_no_service_takes_the_place_of_a_fixture_of_pytest_or_a_plugin(team: Team) -> None:
    team.services(*EXISTING)
    for name, text in EXISTING.items():
        team.write(f"test_{name}.py", text)
    result = team.run()
    result.assert_outcomes(passed=len(EXISTING))
    result.stdout.fnmatch_lines([WINS.format("cache, capsys, container_getter, docker_project, *")])


def test_a_plugin_given_on_the_command_line_keeps_its_fixture(team: Team) -> None:
    team.services("db", "alpha")
    team.write(
        "db_plugin.py",
        """
        import pytest

        class Fixtures:
            @pytest.fixture
            def db(self): return "the plugin's"

        def pytest_configure(config):
            config.pluginmanager.register(Fixtures())
        """,
    )
    team.write(
        "alpha_plugin.py",
        """
        import pytest

        @pytest.fixture(name="alpha")
        def something(): return "the plugin's"
        """,
    )
    team.pytester.syspathinsert()
    team.tests('def test_it(db, alpha): assert db == alpha == "the plugin\'s"')
    result = team.run("-p", "db_plugin", "-p", "alpha_plugin")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([WINS.format("alpha, db")])
    assert team.collected("-p", "db_plugin", "-p", "alpha_plugin", "-m", "db or alpha") == set()


def test_the_teams_fixtures_may_stand_in_a_plugin_of_its_own(team: Team) -> None:
    team.services("alpha", "beta")
    team.write(
        "team_fixtures.py",
        """
        import pytest
        import harness

        class Alpha(harness.Service, container_name="alpha"): ...
        alpha = harness.service_fixture(Alpha)

        @pytest.fixture
        def client(beta): ...
        """,
    )
    team.pytester.syspathinsert()
    team.conftest("pytest_plugins = ['team_fixtures']")
    team.tests("def test_typed(alpha): ...\ndef test_client(client): ...")
    assert team.collected("-m", "alpha") == {"test_typed"}
    assert team.collected("-m", "beta") == {"test_client"}
    team.run("--collect-only").stdout.no_fnmatch_line("*wins*")


def test_a_fixture_of_a_conftest_or_a_module_wins(team: Team) -> None:
    team.services("alpha", "beta")
    team.conftest("import pytest\n@pytest.fixture\ndef alpha(): return 'the conftest'")
    team.tests(
        """
        import pytest

        @pytest.fixture
        def beta(): return "the module"

        def test_it(alpha, beta): assert (alpha, beta) == ("the conftest", "the module")
        """
    )
    result = team.run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([WINS.format("alpha")])


def test_a_conftest_overrides_where_it_applies_and_nowhere_else(team: Team) -> None:
    team.services("alpha")
    team.write(
        "inside/conftest.py",
        "import pytest\n@pytest.fixture\ndef alpha(): return 'the conftest'",
    )
    team.write("inside/test_inside.py", "def test_inside(alpha): assert alpha == 'the conftest'")
    team.write("outside/test_outside.py", "def test_outside(alpha): ...")
    # named on the command line, both folders' conftests are loaded before anything is collected
    assert team.collected("inside", "outside", "-m", "alpha") == {"test_outside"}
    team.run("inside").assert_outcomes(passed=1)


def test_it_is_said_once_and_the_service_is_reached_by_its_name(team: Team) -> None:
    team.services("cache", "alpha")
    team.tests(
        """
        import pytest

        @pytest.mark.cache
        def test_marked(cache, container_getter):
            assert cache.get("k", 1) == 1
            assert container_getter.get("cache").status == "running"

        @pytest.mark.services("cache")
        def test_by_name(container_getter):
            assert container_getter.get("cache").status == "running"
        """
    )
    result = team.passes(passed=2)
    said = [line for line in result.outlines if "wins" in line]
    assert said == [
        "harness: a fixture named like cache exists already and wins: reach the service by "
        '@pytest.mark.services("cache") and container_getter.get("cache")'
    ]


@pytest.mark.parametrize(
    "conftest",
    [
        """
        import harness
        class Alpha(harness.Service, container_name="alpha"): ...
        alpha = harness.service_fixture(Alpha)
        """,
        """
        import pytest
        @pytest.fixture
        def alpha(container_getter): return container_getter.get("alpha")
        """,
        """
        import pytest
        @pytest.fixture
        def alpha(alpha): return alpha
        """,
    ],
    ids=["typed", "by hand", "on top of the plain one"],
)
def test_nothing_is_said_of_a_fixture_that_gives_the_service(team: Team, conftest: str) -> None:
    team.services("alpha")
    team.conftest(conftest)
    team.tests("import pytest\n@pytest.mark.alpha\ndef test_it(alpha): ...")
    result = team.run("--collect-only")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*wins*")
