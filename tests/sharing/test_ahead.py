"""The next test's services start while one runs."""

from __future__ import annotations

import pytest

from .sharing import Sharing

# A test sees what is there of the next one while it runs itself.
LOOK = """
    import pytest
    from harness.lease.labels import RUN
    from notes import eventually, note, noted, running, saw

    def others(service, name=None):
        mine = getattr(service, "container", service)
        return [i for i in running(mine.labels[RUN], name or mine.service) if i != mine.id]
    """


def test_the_next_tests_services_are_there_while_one_runs(team: Sharing) -> None:
    team.services("app", "other")
    team.tests(
        LOOK
        + """
    def test_one(app):
        saw(app)
        note("ahead", eventually(lambda: others(app, "other"))[0])

    def test_two(other, app):
        saw(other, app)
        note("ahead", eventually(lambda: [i for i in others(app) if (i,) not in seen])[0])

    seen = set()

    def test_three(app): saw(app)
    """
    )
    team.passes(passed=3)
    app, other = team.values("app"), team.values("other")
    assert team.values("ahead")[0] == other[0]
    assert len(app) == 3
    assert len({*app}) == 3


@pytest.mark.parametrize(
    ("options", "fixtures", "there"),
    [
        ([], "own, other", False),
        (["--harness-ahead=0"], "other", False),
        (["--harness-ahead=1"], "own, other", True),
    ],
    ids=["a fixture of the team's own", "none", "one in any case"],
)
def test_what_the_teams_own_fixtures_come_before_is_started_ahead_only_if_the_user_says_so(
    team: Sharing, options: list[str], fixtures: str, there: bool
) -> None:
    team.services("app", "other")
    team.conftest(
        LOOK
        + """
    @pytest.fixture
    def own(): ...

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(item):
        if item.name == "test_two":
            [run] = {value for *_, value in noted("run")}
            note("there", bool(running(run, "other")))
    """
    )
    look = 'eventually(lambda: others(app, "other"))' if there else ""
    team.tests(
        LOOK
        + f"""
    def test_one(app):
        saw(app)
        {look}

    def test_two({fixtures}): saw(other)
    """
    )
    team.passes(*options, passed=2)
    assert team.values("there") == [there]


def test_a_start_ahead_that_fails_is_told_by_its_own_test_only(team: Sharing) -> None:
    team.services("app", "other")
    team.service("dies", command=["sh", "-c", "echo no luck; exit 4"])
    team.tests(
        LOOK
        + """
    def test_one(app):
        saw(app)
        eventually(lambda: others(app, "dies"))

    def test_dies(dies): ...
    def test_three(other): saw(other)
    """
    )
    result = team.run_for_real()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at setup of test_dies *", "*service 'dies' exited with code 4*"]
    )


def test_what_only_one_stack_can_have_is_never_started_ahead(team: Sharing) -> None:
    team.service("app", container_name="harness-tests-fixed", **{"x-harness": {"fixed": True}})
    team.services("other")
    team.tests(
        LOOK
        + """
    def test_one(app):
        saw(app)
        assert others(app) == []
        assert app.container.name == "harness-tests-fixed"

    def test_two(other):
        saw(other)
        assert others(other, "app") == []

    def test_three(app): saw(app)
    """
    )
    team.passes("--harness-ahead=2", passed=3)


def test_a_stack_that_nobody_came_for_is_gone_at_the_end(team: Sharing) -> None:
    team.services("app", "other")
    team.tests(
        LOOK
        + """
    def test_one(app):
        saw(app)
        eventually(lambda: others(app, "other"))
        assert False, "on purpose"

    def test_two(other): ...
    """
    )
    team.run_for_real("-x").assert_outcomes(failed=1)
    assert team.left() == []


def test_a_test_that_turns_out_to_need_something_else_gets_that(team: Sharing) -> None:
    team.services("app", "other", "more")
    team.conftest(
        """
        import pytest

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_setup(item):
            if item.name == "test_two":
                item.add_marker("more")
        """
    )
    team.tests(
        LOOK
        + """
    def test_one(app):
        saw(app)
        eventually(lambda: others(app, "other"))

    def test_two(other, docker_project):
        assert [c.service for c in docker_project.containers()] == ["more", "other"]
    """
    )
    team.passes(passed=2)
