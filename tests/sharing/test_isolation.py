"""Where isolation is chosen, and what it means for who shares a container with whom."""

from __future__ import annotations

import pytest

from .sharing import Sharing

TWICE = """
    import pytest
    from notes import saw

    {mark}
    @pytest.mark.parametrize("number", range(2))
    def test_it(app, number): saw(app)
    """


@pytest.mark.parametrize("where", ["ini", "option", "environment"])
def test_isolation_is_chosen_for_the_run(team: Sharing, where: str) -> None:
    team.service("app")
    team.tests(TWICE.format(mark=""))
    if where == "ini":
        team.ini("harness_isolation = shared")
    if where == "environment":
        team.monkeypatch.setenv("HARNESS_ISOLATION", "shared")
    team.passes(*(["--harness-isolation", "shared"] if where == "option" else []), passed=2)
    assert len({*team.values("app")}) == 1


def test_isolation_is_chosen_by_markers_and_services(team: Sharing) -> None:
    team.services("app", "other")
    team.service("declared", **{"x-harness": {"isolation": "shared"}})
    module = 'pytestmark = pytest.mark.services("app", isolation="shared")'
    twice = TWICE.format(mark="").replace("@pytest", f"{module}\n\n    @pytest")
    team.write("test_module.py", twice)
    marker = '@pytest.mark.other(isolation="shared")'
    team.write("test_marker.py", TWICE.replace("app", "other").format(mark=marker))
    team.write("test_service.py", TWICE.replace("app", "declared").format(mark=""))
    team.passes(passed=6)
    for service in ("app", "other", "declared"):
        assert len({*team.values(service)}) == 1


def test_the_nearest_choice_of_isolation_wins(team: Sharing) -> None:
    team.service("declared", **{"x-harness": {"isolation": "shared"}})
    team.services("app")
    team.ini("harness_isolation = reset")
    team.tests(
        """
        import pytest
        from notes import saw

        pytestmark = pytest.mark.app(isolation="shared")

        @pytest.mark.parametrize("number", range(2))
        def test_of_the_module(app, declared, number): saw(app, declared)

        @pytest.mark.app(isolation="fresh")
        @pytest.mark.parametrize("number", range(2))
        def test_of_its_own(app, declared, number): saw(app, declared)

        @pytest.mark.declared(isolation="fresh")
        def test_names_the_service(declared): saw(declared)
        """
    )
    team.passes(passed=5)
    assert len({*team.values("app")}) == 3
    assert len({*team.values("declared")}) == 2


WRONG = {
    "ini": "ini harness_isolation: 'mine' is not fresh, reset or shared",
    "option": "--harness-isolation: 'mine' is not fresh, reset or shared",
    "environment": "the environment variable HARNESS_ISOLATION: 'mine' is not fresh, reset*",
    "marker": "*test_team.py:*: @pytest.mark.app: isolation must be fresh, reset or shared, found*",
    "service": "*compose/app.yml:*: x-harness.isolation must be fresh, reset or shared, found *",
    "stop": "*compose/app.yml:*: x-harness.stop must be kill or graceful, found 'softly'",
    "reset": "*compose/app.yml:*: x-harness.reset must be a command such as *found 'all'",
    "ahead": "--harness-ahead: '-1' is not a number of stacks, 0 or more",
}


@pytest.mark.parametrize(("where", "message"), WRONG.items(), ids=[*WRONG])
def test_a_wrong_value_is_told_in_one_line(team: Sharing, where: str, message: str) -> None:
    declared = {"service": {"isolation": "mine"}, "stop": {"stop": "softly"}}
    declared["reset"] = {"reset": "all"}
    team.service("app", **({"x-harness": declared[where]} if where in declared else {}))
    team.tests(TWICE.format(mark='@pytest.mark.app(isolation="mine")' if where == "marker" else ""))
    if where == "ini":
        team.ini("harness_isolation = mine")
    if where == "environment":
        team.monkeypatch.setenv("HARNESS_ISOLATION", "mine")
    options = {"option": ["--harness-isolation=mine"], "ahead": ["--harness-ahead=-1"]}
    result = team.run(*options.get(where, []))
    assert result.ret != 0
    lines = [*result.outlines, *result.errlines]
    assert not [line for line in lines if line.startswith(("Traceback", "INTERNALERROR"))]
    if result.ret == pytest.ExitCode.USAGE_ERROR:
        result.stderr.fnmatch_lines([f"ERROR: {message}"])
    else:
        result.assert_outcomes(errors=2)
        result.stdout.fnmatch_lines([message])


def test_a_new_application_for_each_test_talks_to_the_one_broker(
    team: Sharing, broker_image: str
) -> None:
    team.server("broker", image=broker_image, **{"x-harness": {"isolation": "shared"}})
    team.server(
        "app", image=broker_image, command=["sleep", "infinity"], init=True, depends_on=["broker"]
    )
    team.tests(
        """
        import pytest
        from notes import eventually, noted, saw, sh

        @pytest.mark.parametrize("number", range(4))
        def test_it(app, broker, number):
            saw(app, broker)
            eventually(lambda: len({worker for worker, *_ in noted("broker")}) == 2)
            sh(app, f"mosquitto_pub -h broker -r -q 1 -t orders/{number} -m from-{number}")
            heard = sh(broker, f"mosquitto_sub -C 1 -W 10 -t orders/{number}")
            assert heard == f"from-{number}"
        """
    )
    team.passes("-n2", passed=4)
    assert {note.worker for note in team.notes("broker")} == {"gw0", "gw1"}
    assert len({*team.values("broker")}) == 1
    assert len({*team.values("app")}) == 4
