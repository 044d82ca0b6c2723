"""When the services of a test run: before its first fixture until after its last."""

from __future__ import annotations

from .team import Team


def test_the_stack_is_there_before_and_after_every_function_scoped_fixture(team: Team) -> None:
    team.services("alpha")
    team.conftest(
        """
        import pytest

        def running(request):
            project = request.getfixturevalue("docker_project")
            return [(c.service, c.status) for c in project.containers()]

        @pytest.fixture(autouse=True)
        def aaa_of_the_conftest(request):
            assert running(request) == [("alpha", "running")]
            yield
            assert running(request) == [("alpha", "running")]
        """
    )
    team.tests(
        """
        import pytest
        from conftest import running

        @pytest.fixture(autouse=True)
        def aab_of_the_module(request):
            assert running(request) == [("alpha", "running")]
            yield
            assert running(request) == [("alpha", "running")]

        class TestClass:
            @pytest.fixture(autouse=True)
            def aac_of_the_class(self, request):
                assert running(request) == [("alpha", "running")]
                yield
                assert running(request) == [("alpha", "running")]

            def setup_method(self): ...

            @pytest.mark.alpha
            def test_marked(self): ...

            def test_by_fixture(self, tmp_path, alpha): ...
        """
    )
    team.passes(passed=2)


def test_teardown_code_still_reaches_the_service(team: Team) -> None:
    team.greeter("alpha")
    team.tests(
        """
        import pytest
        from talk import ask

        @pytest.fixture
        def client(request, alpha):
            request.addfinalizer(lambda: log.append(ask(alpha)))
            yield
            log.append(ask(alpha))

        log = []

        def test_it(client): assert log == []
        def test_that_teardown_was_answered(): assert log == ["hello", "hello"]
        """
    )
    team.passes(passed=2)


def test_the_stack_is_gone_once_its_test_is_over(team: Team) -> None:
    team.services("alpha")
    team.tests(
        """
        import pytest
        from talk import gone

        seen = []

        def test_one(alpha): seen.append(alpha.container)

        def test_two(alpha):
            assert alpha.container.id != seen[0].id
            seen.append(alpha.container)

        @pytest.mark.parametrize("number", [0, 1])
        def test_that_it_is_gone(number):
            assert gone(seen[number])
        """
    )
    team.passes(passed=4)


def test_fixtures_of_wider_scopes_run_before_the_stack_and_end_after_it(team: Team) -> None:
    team.services("alpha")
    team.tests(
        """
        import pytest

        def services(docker_project): return [c.service for c in docker_project.containers()]

        @pytest.fixture(scope="session", autouse=True)
        def of_the_session(docker_project):
            assert services(docker_project) == []
            yield
            assert services(docker_project) == []

        @pytest.fixture(scope="module")
        def of_the_module(docker_project):
            assert services(docker_project) == []
            yield
            assert services(docker_project) == []

        @pytest.fixture(scope="class")
        def of_the_class(docker_project):
            assert services(docker_project) == []
            yield
            assert services(docker_project) == []

        class TestClass:
            def test_it(self, alpha, of_the_class, of_the_module, docker_project):
                assert services(docker_project) == ["alpha"]
        """
    )
    team.passes(passed=1)


def test_a_service_first_asked_for_inside_the_test_is_started_then_and_joins(team: Team) -> None:
    team.services("alpha", "beta", "gamma")
    team.tests(
        """
        import pytest

        seen = []

        def reached(a, b): return a.exec(["getent", "hosts", b]).exit_code == 0

        @pytest.mark.alpha
        def test_get(container_getter):
            alpha = container_getter.get("alpha")
            assert not reached(alpha, "beta")
            beta = container_getter.get("beta")
            assert reached(alpha, "beta") and reached(beta, "alpha")
            assert container_getter.get("alpha").id == alpha.id
            seen.append(beta)

        def test_request(alpha, request):
            beta = request.getfixturevalue("beta")
            assert reached(alpha.container, "beta") and reached(beta.container, "alpha")
            [gamma] = request.getfixturevalue("docker_project").get("gamma")
            assert reached(gamma, "beta")
            seen.extend([beta.container, gamma])

        def test_that_all_of_them_went_with_their_test():
            from talk import gone
            assert all(map(gone, seen))
        """
    )
    team.passes(passed=3)


def test_a_test_that_names_nothing_can_ask_for_a_service_later(team: Team) -> None:
    team.services("alpha")
    team.tests(
        """
        from talk import gone

        seen = []

        def test_it(request):
            alpha = request.getfixturevalue("alpha")
            assert alpha.container.status == "running"
            seen.append(alpha.container)

        def test_that_it_is_gone():
            assert gone(seen[0])
        """
    )
    team.passes(passed=2)


def test_a_failing_test_or_fixture_takes_its_services_along(team: Team) -> None:
    team.services("alpha")
    team.tests(
        """
        import pytest
        from talk import gone

        seen = []

        @pytest.fixture
        def broken(alpha):
            seen.append(alpha.container)
            raise RuntimeError("set-up of the team's own")

        def test_error(broken): ...

        def test_failure(alpha):
            seen.append(alpha.container)
            assert False

        def test_that_they_are_gone():
            assert len(seen) == 2
            assert all(map(gone, seen))
        """
    )
    team.run_for_real().assert_outcomes(passed=1, failed=1, errors=1)


def test_what_could_not_join_keeps_nothing_else_from_joining(team: Team) -> None:
    team.services("alpha", "beta")
    team.service("broken", command=["false"])
    team.tests(
        """
        import pytest
        import harness

        def test_it(alpha, container_getter):
            with pytest.raises(harness.ServiceDiedError):
                container_getter.get("broken")
            assert container_getter.get("beta").status == "running"
            assert alpha.container.status == "running"
        """
    )
    team.passes(passed=1)
