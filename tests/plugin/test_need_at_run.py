"""What a test needs is what is started for it, whatever kind of test it is."""

from __future__ import annotations

import pytest

from .team import Team


def test_each_parameter_has_the_need_of_its_own_marks(team: Team) -> None:
    team.services("alpha", "beta")
    team.tests(
        """
        import pytest

        @pytest.mark.parametrize(
            "name",
            [
                pytest.param("alpha", marks=pytest.mark.alpha),
                pytest.param("beta", marks=pytest.mark.services("beta")),
            ],
        )
        def test_each(name, container_getter):
            assert [c.service for c in container_getter.docker_project.containers()] == [name]
        """
    )
    assert team.collected("-m", "alpha") == {"test_each[alpha]"}
    assert team.collected("-m", "beta") == {"test_each[beta]"}
    team.passes(passed=2)


def test_a_mark_alone_starts_its_services(team: Team) -> None:
    team.service("alpha", depends_on=["beta"])
    team.services("beta", "gamma")
    team.tests(
        """
        import pytest

        @pytest.mark.alpha
        def test_marked(docker_project):
            assert [c.service for c in docker_project.containers()] == ["beta", "alpha"]
        """
    )
    team.passes(passed=1)


def test_unittest_classes_have_their_services_before_set_up(team: Team) -> None:
    team.services("alpha", "beta")
    team.tests(
        """
        import unittest
        import pytest

        @pytest.mark.alpha
        class MarkedTest(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _getter(self, container_getter):
                self.getter = container_getter

            def setUp(self):
                assert self.getter.get("alpha").status == "running"

            @pytest.mark.beta
            def test_both(self):
                services = [c.service for c in self.getter.docker_project.containers()]
                self.assertEqual(services, ["alpha", "beta"])

            def tearDown(self):
                assert self.getter.get("alpha").status == "running"

        @pytest.mark.usefixtures("beta")
        class UsingTest(unittest.TestCase):
            def test_used(self): ...
        """
    )
    assert team.collected("-m", "alpha") == {"MarkedTest::test_both"}
    assert team.collected("-m", "beta") == {"MarkedTest::test_both", "UsingTest::test_used"}
    team.passes(passed=2)


def test_a_mark_that_a_hook_adds_is_a_need(team: Team) -> None:
    team.services("alpha", "beta")
    team.conftest(
        """
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                mark = pytest.mark.alpha if "alpha" in item.name else pytest.mark.services("beta")
                item.add_marker(mark)
        """
    )
    team.tests(
        """
        def services(docker_project): return [c.service for c in docker_project.containers()]

        def test_alpha(docker_project): assert services(docker_project) == ["alpha"]
        def test_beta(docker_project): assert services(docker_project) == ["beta"]
        """
    )
    assert team.collected("-m", "alpha") == {"test_alpha"}
    team.passes(passed=2)


def test_items_that_are_no_functions_are_left_alone(team: Team) -> None:
    team.services("alpha")
    team.write("documented.py", '"""\n>>> 1 + 1\n2\n"""\n')
    team.write("notes.txt", ">>> 2 + 2\n4\n")
    team.conftest(
        """
        import pytest

        class Sentence(pytest.Item):
            def runtest(self): ...

        class Text(pytest.File):
            def collect(self):
                yield Sentence.from_parent(self, name="sentence")

        def pytest_collect_file(parent, file_path):
            if file_path.suffix == ".prose":
                return Text.from_parent(parent, path=file_path)
        """
    )
    team.write("some.prose", "")
    result = team.run("--doctest-modules", "--doctest-glob=*.txt")
    result.assert_outcomes(passed=3)


def test_a_container_getter_without_a_need_shows_the_mark_to_write(team: Team) -> None:
    team.services("alpha", "beta")
    team.tests("def test_it(container_getter): ...")
    result = team.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*names no service. Mark it*@pytest.mark.alpha*alpha, beta.*"])


@pytest.mark.parametrize("how", [["-m", "not alpha"], ["--setup-plan"], ["--collect-only"]])
def test_a_test_that_does_not_run_starts_nothing(team: Team, how: list[str]) -> None:
    team.services("alpha")
    team.tests("def test_service(alpha): ...\ndef test_plain(): ...")
    team.monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    result = team.run(*how)
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*127.0.0.1*")


def test_a_skipped_test_starts_nothing(team: Team) -> None:
    team.services("alpha")
    team.tests(
        """
        import pytest

        @pytest.mark.skip
        @pytest.mark.alpha
        def test_mark(): ...

        @pytest.mark.skipif("True", reason="not today")
        def test_fixture(alpha): ...

        @pytest.mark.xfail(run=False)
        def test_not_run(alpha): ...
        """
    )
    team.monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    team.run().assert_outcomes(skipped=2, xfailed=1)
