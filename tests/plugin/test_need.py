"""Which services a test needs: told by its marks and by the fixtures that it will run."""

from __future__ import annotations

from .team import Team


def test_a_fixture_of_a_service_is_a_need(team: Team) -> None:
    team.services("alpha", "beta")
    team.tests(
        """
        import pytest

        def test_direct(alpha): ...

        @pytest.mark.usefixtures("alpha")
        def test_used(): ...

        @pytest.mark.usefixtures("alpha")
        class TestUsed:
            def test_it(self): ...

        def test_another(beta): ...
        def test_none(): ...
        """
    )
    assert team.collected("-m", "alpha") == {"test_direct", "test_used", "TestUsed::test_it"}
    assert team.collected("-m", "not alpha and not beta") == {"test_none"}


def test_a_fixture_that_uses_the_service_is_a_need_however_deep(team: Team) -> None:
    team.services("alpha", "beta")
    team.conftest(
        """
        import pytest

        @pytest.fixture
        def client(alpha): ...

        @pytest.fixture
        def account(client): ...
        """
    )
    team.tests("def test_deep(account): ...\ndef test_other(beta): ...")
    assert team.collected("-m", "alpha") == {"test_deep"}


def test_an_autouse_fixture_is_a_need_where_it_applies(team: Team) -> None:
    team.services("alpha")
    team.write(
        "inside/conftest.py",
        """
        import pytest

        @pytest.fixture(autouse=True)
        def clean(alpha): ...
        """,
    )
    team.write("inside/test_inside.py", "def test_inside(): ...")
    team.write("test_outside.py", "def test_outside(): ...")
    assert team.collected("-m", "alpha") == {"test_inside"}


def test_the_fixtures_that_the_ini_file_applies_everywhere_are_a_need(team: Team) -> None:
    team.services("alpha", "beta")
    team.ini("usefixtures = alpha")
    team.tests("def test_it(): ...")
    assert team.collected("-m", "alpha") == {"test_it"}
    assert team.collected("-m", "beta") == set()


def test_the_services_marker_names_the_services_for_selection_too(team: Team) -> None:
    team.services("alpha", "my-db", "3scale")
    team.tests(
        """
        import pytest

        @pytest.mark.services("alpha", "my-db")
        def test_two(): ...

        @pytest.mark.services("3scale")
        def test_one(): ...
        """
    )
    assert team.collected("-m", "alpha") == {"test_two"}
    assert team.collected("-m", "my_db") == {"test_two"}
    assert team.collected("-m", "services") == {"test_two", "test_one"}


OVERRIDES = """
import pytest

@pytest.fixture
def alpha(): return "none of the harness's"
"""


def test_an_unrelated_fixture_of_the_same_name_is_no_need(team: Team) -> None:
    team.services("alpha")
    team.write("by_conftest/conftest.py", OVERRIDES)
    team.write("by_conftest/test_one.py", "def test_conftest(alpha): assert 'none' in alpha")
    team.write("test_two.py", OVERRIDES + "def test_module(alpha): assert 'none' in alpha")
    team.write(
        "test_three.py",
        """
        import pytest

        class TestClass:
            @pytest.fixture
            def alpha(self): return "none of the harness's"

            def test_class(self, alpha): assert "none" in alpha

        def test_outside_of_the_class(alpha): ...
        """,
    )
    assert team.collected("-m", "alpha") == {"test_outside_of_the_class"}
    team.run("-m", "not alpha").assert_outcomes(passed=3, deselected=1)


def test_an_override_that_asks_for_what_it_overrides_is_a_need(team: Team) -> None:
    team.services("alpha", "beta")
    team.conftest(
        """
        import pytest

        @pytest.fixture
        def alpha(alpha): return alpha

        @pytest.fixture
        def beta(): ...
        """
    )
    team.tests(
        """
        import pytest

        class TestTwice:
            @pytest.fixture
            def alpha(self, alpha): return alpha

            @pytest.fixture
            def beta(self, beta): ...

            def test_twice(self, alpha): ...
            def test_never(self, beta): ...

        def test_once(alpha): ...
        """
    )
    assert team.collected("-m", "alpha") == {"TestTwice::test_twice", "test_once"}
    assert team.collected("-m", "beta") == set()


def test_a_directly_parametrized_argument_is_no_need(team: Team) -> None:
    team.services("alpha")
    team.tests(
        """
        import pytest

        @pytest.mark.parametrize("alpha", [1, 2])
        def test_direct(alpha): assert alpha in (1, 2)

        @pytest.mark.parametrize("alpha, beta", [(1, 2)], indirect=["beta"])
        def test_mixed(alpha, beta): assert (alpha, beta) == (1, 2)

        @pytest.fixture
        def beta(request): return request.param
        """
    )
    assert team.collected("-m", "alpha") == set()
    team.run().assert_outcomes(passed=3)


def test_a_fixture_that_is_parametrized_away_takes_its_needs_along(team: Team) -> None:
    team.services("alpha")
    team.tests(
        """
        import pytest

        @pytest.fixture
        def client(alpha): ...

        @pytest.mark.parametrize("client", ["a fake"])
        def test_with_a_fake(client): ...

        def test_with_the_real_one(client): ...
        """
    )
    assert team.collected("-m", "alpha") == {"test_with_the_real_one"}


def test_an_indirectly_parametrized_fixture_is_a_need(team: Team) -> None:
    team.services("alpha")
    team.tests(
        """
        import pytest

        @pytest.fixture
        def client(request, alpha): return request.param

        @pytest.mark.parametrize("client", ["a", "b"], indirect=True)
        def test_clients(client): ...
        """
    )
    assert team.collected("-m", "alpha") == {"test_clients[a]", "test_clients[b]"}
