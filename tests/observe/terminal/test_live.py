"""The live line, in a terminal, while real containers get ready and real images are made."""

from __future__ import annotations

from docker.errors import ImageNotFound

from harness.engine.client import connect

from .conftest import Gated, Porter, without_times
from .registry import registry
from .screen import Terminal, in_terminal

ALONE = ("-p", "no:cacheprovider", "-Werror", "--harness-summary=off", "--harness-ahead=0")


def rows(terminal: Terminal) -> list[str]:
    """What pytest and the harness say of tests, once the run has ended."""
    lines = without_times(terminal.end())
    begin = next(n for n, line in enumerate(lines) if line.startswith("collected") or "[" in line)
    return [line for line in lines[begin + 1 :] if not line.startswith("=")]


def chain(team: Gated) -> None:
    team.waits("postgres")
    team.service("orders", depends_on={"postgres": {"condition": "service_healthy"}})


def test_what_is_waited_for_stands_below_the_dots_and_leaves_nothing(team: Gated) -> None:
    chain(team)
    team.tests("def test_a(): ...\ndef test_b(orders): ...\ndef test_c(): assert 0")
    with in_terminal(team.root, *ALONE, "--tb=line") as terminal:
        line = terminal.shows("orders: waiting for postgres (health check, ", " s, last: ")
        assert line.endswith("the gate is shut)")
        assert terminal.lines[-2:] == ["test_team.py .", line]
        team.gate.touch()
        dots, *_ = rows(terminal)
    assert dots == "test_team.py ..F" + " " * 77 + "[100%]"
    assert "\x1b[2morders" in terminal.seen  # dim, where colours are wanted


def test_verbose_lines_are_whole_and_each_start_has_its_time(team: Gated) -> None:
    chain(team)
    team.tests("def test_a(): ...\ndef test_b(orders): ...\ndef test_c(): ...")
    with in_terminal(team.root, *ALONE, "-v", "--color=no") as terminal:
        terminal.shows("waiting for postgres")
        assert terminal.lines[-2] == "test_team.py::test_b"
        team.gate.touch()
        told = [" ".join(row.split()) for row in rows(terminal)]
    assert told == [
        "test_team.py::test_a PASSED [ 33%]",
        "test_team.py::test_b",
        "harness: postgres ready in N s",
        "harness: orders ready in N s",
        "test_team.py::test_b PASSED [ 66%]",
        "test_team.py::test_c PASSED [100%]",
    ]
    assert "\x1b[2m" not in terminal.seen


def test_what_tests_print_and_log_finds_its_place(team: Gated) -> None:
    chain(team)
    team.tests(
        """
        import logging
        import pytest

        @pytest.fixture
        def talks():
            print("a fixture prints", end="")
            logging.warning("a fixture logs")

        def test_it(talks, orders):
            print("a test prints")
            logging.warning("a test logs")
        """
    )
    options = ("-s", "-v", "-o", "log_cli=true", "-o", "log_cli_format=%(message)s")
    with in_terminal(team.root, *ALONE, *options) as terminal:
        terminal.shows("waiting for postgres")
        team.gate.touch()
        told = rows(terminal)
    assert not any("waiting" in line for line in told)
    for said in ("a fixture logs", "a test prints", "a test logs", "harness: orders ready in N s"):
        assert said in told
    assert told[-1].startswith("PASSED")


def test_workers_are_shown_by_their_controller_and_write_nothing_themselves(team: Gated) -> None:
    chain(team)
    team.tests("def test_a(orders): ...\ndef test_b(orders): ...\ndef test_c(): ...")
    with in_terminal(team.root, *ALONE, "-n2", "--dist=load") as terminal:
        terminal.shows("orders: waiting for postgres (health check, ", "the gate is shut)")
        team.gate.touch()
        told = rows(terminal)
    assert [line for line in told if line.startswith("...")] == ["..." + " " * 90 + "[100%]"]
    assert not any("waiting" in line or line.startswith("harness:") for line in told)


def test_a_narrow_terminal_and_one_that_changes_its_width_have_one_line(team: Gated) -> None:
    chain(team)
    team.tests("def test_a(orders): ...")
    with in_terminal(team.root, *ALONE, env={"NO_COLOR": "1"}, columns=120) as terminal:
        terminal.shows("orders: waiting for postgres", "the gate is shut)")
        terminal.resize(40)
        shown = terminal.shows("orders: waiting for postgres (health c…")
        assert [line for line in terminal.lines if "gate" in line or "waiting" in line] == [shown]
        team.gate.touch()
        assert not any("waiting" in line for line in terminal.end())
    assert "\x1b[2m" not in terminal.seen


def test_a_build_has_a_bar_of_its_steps(team: Gated, porter: Porter) -> None:
    team.builds("app", porter.port)
    team.tests("def test_it(app): ...")
    with in_terminal(team.root, *ALONE) as terminal:
        line = terminal.shows("building app ━", " RUN : ")
        assert "1/4" in line or "1/3" in line  # Compose adds a step where there is no BuildKit
        porter.go_on.set()
        told = rows(terminal)
    assert told == ["test_team.py ." + " " * 79 + "[100%]"]
    assert "::error::" not in terminal.seen


def test_a_pull_has_a_bar_of_its_bytes(team: Gated) -> None:
    team.tests("def test_it(app): ...")
    with registry(40_000_000) as image:
        team.write("compose/app.yml", f"services: {{app: {{image: '{image.name}'}}}}")
        try:
            with in_terminal(team.root, *ALONE) as terminal:
                # how much of its half the engine tells of is the engine's affair
                terminal.shows("pulling app ", " of 40.0 MB ")
                image.go_on.set()
                assert not any("pulling" in line for line in terminal.end())
        finally:
            remove(image.name)


def remove(image: str) -> None:
    api, _ = connect()
    try:
        api.remove_image(image, force=True)
    except ImageNotFound:
        pass
    finally:
        api.close()
