"""Services that all tests of a run share."""

from __future__ import annotations

import pytest

from .sharing import Sharing


def test_workers_share_one_stack_and_the_death_of_one_takes_it_from_nobody(team: Sharing) -> None:
    team.greeter("app", depends_on=["base"])
    team.services("base")
    team.ini("harness_isolation = shared")
    for name in ("one", "two"):  # whole files go to a worker each
        team.write(
            f"test_{name}.py",
            """
            import os, signal
            import pytest
            from notes import eventually, note, noted, saw
            from talk import ask

            @pytest.mark.parametrize("number", range(2))
            def test_before(app, base, number):
                saw(app, base)
                eventually(lambda: {"gw0", "gw1"} <= {worker for worker, *_ in noted("app")})

            def test_dies():
                if __name__ == "test_one" and not noted("dies"):
                    note("dies")  # a replacement of the worker comes here again
                    os.kill(os.getpid(), signal.SIGKILL)

            def test_after(app, base):
                assert ask(app) == "hello"
                saw(app, base)
            """,
        )
    result = team.run_for_real("-n2", "--dist=loadfile")
    outcomes = result.parseoutcomes()
    assert (outcomes["passed"], outcomes["failed"]) == (8, 1), result.stdout.str()
    result.stdout.fnmatch_lines(["*worker 'gw?' crashed while running 'test_one.py::test_dies'*"])
    assert {note.worker for note in team.notes("app")} == {"gw0", "gw1", "gw2"}
    assert len({*team.values("app")}) == len({*team.values("base")}) == 1


def test_other_variables_make_another_container_of_that_service_and_what_depends_on_it(
    team: Sharing,
) -> None:
    team.greeter("web", depends_on=["app"])
    team.greeter("app", depends_on=["base"])
    team.greeter("base")
    team.ini("harness_isolation = shared")
    team.tests(
        """
        import pytest
        from notes import reaches, saw
        from talk import ask

        def test_usual(web, app, base):
            saw(web, app, base)
            assert reaches(web, "app", 8080) == reaches(app, "base", 8080) == "hello"

        @pytest.mark.parametrize("number", range(2))
        @pytest.mark.app(env={"GREETING": "hi"})
        def test_other(web, app, base, number):
            saw(web, app, base)
            assert ask(app) == reaches(web, "app", 8080) == "hi"
            assert ask(base) == reaches(app, "base", 8080) == "hello"

        def test_usual_again(web, app, base):
            saw(web, app, base)
            assert reaches(web, "app", 8080) == "hello"
        """
    )
    team.passes(passed=4)
    assert len({*team.values("base")}) == 1
    for service in ("app", "web"):
        assert len({*team.values(service)}) == 2
        for test, number in (("test_usual", 1), ("test_other[0]", 1), ("test_other[1]", 1)):
            assert len([n for n in team.notes(service) if n.test == test]) == number
        others = {n.value for n in team.notes(service) if "other" in n.test}
        assert len(others) == 1


@pytest.mark.parametrize("isolation", ["shared", "reset"])
def test_what_a_test_stopped_is_up_again_for_the_next(team: Sharing, isolation: str) -> None:
    team.greeter("app", **{"x-harness": {"reset": "none"}})
    team.tests(
        """
        import pytest
        from notes import saw
        from talk import ask

        @pytest.mark.parametrize("act", ["stop", "kill", "pause"])
        def test_it(app, act):
            assert ask(app) == "hello"
            saw(app)
            getattr(app.container, act)()

        def test_end(app):
            assert ask(app) == "hello"
            saw(app)
        """
    )
    team.passes(f"--harness-isolation={isolation}", passed=4)
    assert len({*team.values("app")}) == 1
