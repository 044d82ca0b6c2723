"""Services for fixtures that live longer than a test."""

from __future__ import annotations

import pytest

from .team import Team


def test_a_getter_of_a_wider_scope_shares_its_containers_among_the_tests_of_that_scope(
    team: Team,
) -> None:
    team.greeter("web", depends_on=["base"])
    team.services("base", "alpha")
    team.conftest(
        """
        import pytest
        import harness

        class Web(harness.Service, container_name="web"): ...

        @pytest.fixture(scope="session")
        def of_session(session_scoped_container_getter):
            return session_scoped_container_getter.get("alpha")

        @pytest.fixture(scope="module")
        def of_module(module_scoped_container_getter):
            web = module_scoped_container_getter.get(Web)
            yield web
            assert web.container.status == "running"

        @pytest.fixture(scope="class")
        def of_class(class_scoped_container_getter):
            return class_scoped_container_getter.get("alpha")
        """
    )
    team.write(
        "test_one.py",
        """
        from talk import ask, gone

        seen = {}

        class TestFirst:
            def test_one(self, of_session, of_module, of_class, class_scoped_container_getter):
                assert ask(of_module) == "hello"
                project = class_scoped_container_getter.docker_project
                assert [c.service for c in project.containers()] == ["alpha"]
                seen.update(web=of_module.container, mine=of_class, all=of_session)

            def test_two(self, of_session, of_module, of_class):
                assert of_class.id == seen["mine"].id != of_session.id
                assert of_module.container.id == seen["web"].id

        def test_after_the_class(of_module, of_session, alpha, docker_project):
            assert of_module.container.id == seen["web"].id
            assert alpha.container.id not in {of_session.id, seen["mine"].id}
            assert [c.service for c in docker_project.containers()] == ["alpha"]
            assert gone(seen["mine"])
        """,
    )
    team.write(
        "test_two.py",
        """
        from talk import gone
        from test_one import seen

        def test_after_the_module(of_session):
            assert of_session.id == seen["all"].id and of_session.status == "running"
            assert gone(seen["web"])
        """,
    )
    assert team.collected("-m", "alpha") == {"test_after_the_class"}
    team.passes(passed=4)


def test_nothing_is_said_of_a_wider_fixture_with_a_services_name(team: Team) -> None:
    team.services("alpha")
    team.conftest(
        """
        import pytest

        @pytest.fixture(scope="module")
        def alpha(module_scoped_container_getter):
            return module_scoped_container_getter.get("alpha")
        """
    )
    team.tests("def test_it(alpha): ...")
    team.run("--collect-only").stdout.no_fnmatch_line("*wins*")


LATER = {
    "asked for later": "def wide(request): request.getfixturevalue('alpha')",
    "the getter": "def wide(container_getter): ...",
}


@pytest.mark.parametrize("wide", LATER.values(), ids=LATER)
@pytest.mark.parametrize(("scope", "getter"), [("module", "module"), ("package", "session")])
def test_what_cannot_be_seen_beforehand_in_a_wider_fixture_is_told_what_to_ask_instead(
    team: Team, wide: str, scope: str, getter: str
) -> None:
    team.services("alpha")
    team.tests(
        f"""
        import pytest

        @pytest.fixture(scope="{scope}")
        {wide}

        def test_one(wide): ...
        def test_two(wide): ...
        """
    )
    result = team.run()
    result.assert_outcomes(errors=2)
    told = [line for line in result.outlines if "harness: this fixture's services live" in line]
    service = "app" if "container_getter" in wide else "alpha"
    assert len(told) == 2, result.stdout.str()
    for line in told:
        assert "Name the service's own fixture as an argument of your fixture" in line
        assert line.endswith(
            f'or take {getter}_scoped_container_getter.get("{service}"), which lives as long as '
            "your fixture."
        )


def test_a_function_scoped_fixture_between_a_wider_one_and_a_service_is_the_teams_mismatch(
    team: Team,
) -> None:
    team.services("alpha")
    team.tests(
        """
        import pytest

        @pytest.fixture
        def client(alpha): ...

        @pytest.fixture(scope="module")
        def wide(client): ...

        def test_it(wide): ...
        """
    )
    result = team.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ScopeMismatch*client*"])


@pytest.mark.parametrize("scope", ["class", "module", "package", "session"])
def test_a_services_fixture_takes_the_scope_of_the_fixture_that_uses_it(
    team: Team, scope: str
) -> None:
    team.services("alpha")
    team.tests(
        f"""
        import pytest

        seen = []

        @pytest.fixture(scope="{scope}")
        def wide(alpha):
            seen.append(alpha.container.id)
            return alpha

        class TestBoth:
            def test_one(self, wide, alpha): assert alpha.container.id == wide.container.id
            def test_two(self, alpha, wide): assert [alpha.container.id] == seen

        def test_without_it(alpha): assert alpha.container.id not in seen
        """
    )
    team.passes(passed=3)


def test_the_next_class_or_module_has_services_of_its_own(team: Team) -> None:
    team.services("alpha", "beta", "gamma", "delta")
    team.conftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def of_session(alpha): return alpha.container

        @pytest.fixture(scope="package")
        def of_package(beta): return beta.container

        @pytest.fixture(scope="module")
        def of_module(gamma): return gamma.container

        @pytest.fixture(scope="class")
        def of_class(delta): return delta.container

        @pytest.fixture
        def ids(of_session, of_package, of_module, of_class, alpha, beta, gamma, delta):
            wide = [of_session, of_package, of_module, of_class]
            assert [c.id for c in wide] == [s.container.id for s in (alpha, beta, gamma, delta)]
            assert {c.status for c in wide} == {"running"}
            return [c.id for c in wide]
        """
    )
    team.write(
        "test_one.py",
        """
        import pytest

        seen = []

        class TestFirst:
            def test_one(self, ids): seen.append(ids)

            @pytest.mark.parametrize("number", [2, 3])
            def test_more(self, ids, number): assert ids == seen[0]

        class TestSecond:
            def test_that_the_class_has_another(self, ids):
                assert ids[:3] == seen[0][:3] and ids[3] != seen[0][3]

        def test_that_other_tests_have_one_of_their_own(alpha, gamma):
            assert alpha.container.id != seen[0][0] and gamma.container.id != seen[0][2]
        """,
    )
    team.write(
        "test_two.py",
        """
        from test_one import seen

        class TestThird:
            def test_that_the_module_has_another(self, ids):
                assert ids[:2] == seen[0][:2] and ids[2] != seen[0][2]
        """,
    )
    team.passes(passed=6)


def test_a_mismatch_of_the_teams_own_fixtures_is_left_alone(team: Team) -> None:
    team.services("alpha")
    team.tests(
        """
        import pytest

        @pytest.fixture(scope="session")
        def wide(tmp_path): ...

        def test_it(wide): ...
        """
    )
    result = team.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ScopeMismatch*"])
    result.stdout.no_fnmatch_line("*scoped_container_getter*")


def test_what_a_wider_fixture_brings_up_within_a_test_outlives_that_test(team: Team) -> None:
    team.services("alpha", "beta")
    team.tests(
        """
        import pytest

        @pytest.fixture(scope="module")
        def broker(docker_project):
            [beta] = docker_project.up(["beta"])
            return beta

        @pytest.mark.alpha
        def test_one(request, docker_project):
            beta = request.getfixturevalue("broker")
            assert beta.status == "running"
            assert [c.service for c in docker_project.containers()] == ["alpha"]

        def test_two(broker): assert broker.status == "running"
        """
    )
    team.passes(passed=2)
