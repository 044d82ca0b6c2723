"""A command that runs on inside a container."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from harness.container import Container
from harness.engine.protocol import ExecSession
from tests.eventually import eventually

from .lab import Lab, docker_engine

ECHO = ["perl", "-pe", "BEGIN { $| = 1 }"]


@pytest.fixture
def sleeper(lab: Lab) -> Container:
    lab.compose("services: {app: {<<: *sleeper, init: true}}")
    return lab.container("app")


@contextmanager
def opened(container: str, command: list[str], *options: Any) -> Iterator[ExecSession]:
    session = docker_engine().open_exec(container, command, *options)
    try:
        yield session
    finally:
        session.close()


def running(container: Container) -> str:
    return container.exec(["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"]).output


def test_many_questions_are_answered_by_one_command(sleeper: Container) -> None:
    with opened(sleeper.id, ECHO) as session:
        for number in range(50):
            session.write(f"question {number};\n".encode())
            assert session.read_until(b";\n", 20) == f"question {number}".encode()


def test_what_comes_after_the_sentinel_is_kept_for_the_next_question(sleeper: Container) -> None:
    with opened(sleeper.id, ECHO) as session:
        session.write(b"one;two;three\n")
        assert [session.read_until(end, 20) for end in (b";", b";", b"\n")] == [
            b"one",
            b"two",
            b"three",
        ]


def test_large_binary_answers_come_whole(sleeper: Container) -> None:
    program = "binmode STDOUT; $| = 1; while (<>) { print pack('C*', 0 .. 255) x 8000, 'END' }"
    with opened(sleeper.id, ["perl", "-e", program]) as session:
        for _ in range(2):
            session.write(b"go\n")
            assert session.read_until(b"END", 20) == bytes(range(256)) * 8000


def test_standard_error_is_kept_apart(sleeper: Container) -> None:
    with opened(sleeper.id, ["sh", "-c", "echo wrong >&2; read x; echo right $x"]) as session:
        session.write(b"now\n")
        assert session.read_until(b"\n", 20) == b"right now"
        with pytest.raises(EOFError, match="wrong"):
            session.read_until(b"never", 20)
        assert session.errors == b"wrong\n"


def test_a_command_that_ends_says_what_it_wrote(sleeper: Container) -> None:
    with (
        opened(sleeper.id, ["sh", "-c", "echo last words; exit 3"]) as session,
        pytest.raises(EOFError, match="last words"),
    ):
        session.read_until(b"never", 20)


def test_an_answer_that_does_not_come_is_a_timeout(sleeper: Container) -> None:
    with opened(sleeper.id, ECHO) as session:
        session.write(b"something else\n")
        with pytest.raises(TimeoutError):
            session.read_until(b"never", 0.2)
        session.write(b"never\n")
        assert session.read_until(b"never", 20) == b"something else\n"


def test_closing_ends_the_command(sleeper: Container) -> None:
    with opened(sleeper.id, ["perl", "-e", "1 while <STDIN>", "marked"]):
        eventually(lambda: "marked" in running(sleeper))
    eventually(lambda: "marked" not in running(sleeper))


def test_user_and_environment_are_the_callers(sleeper: Container) -> None:
    command = ["sh", "-c", 'echo "$(id -un) $WORD"']
    with opened(sleeper.id, command, "nobody", {"WORD": "a b"}) as session:
        assert session.read_until(b"\n", 20) == b"nobody a b"


def test_a_removed_container_ends_the_session(sleeper: Container) -> None:
    with opened(sleeper.id, ECHO) as session:
        session.write(b"hello\n")
        session.read_until(b"\n", 20)
        sleeper.kill()
        with pytest.raises(EOFError):
            session.read_until(b"never", 20)


def test_top_knows_the_main_process_from_what_was_executed(sleeper: Container) -> None:
    with opened(sleeper.id, ["perl", "-e", "1 while <STDIN>", "executed"]):
        eventually(lambda: "executed" in running(sleeper))
        main, *others = docker_engine().top(sleeper.id)
        assert "init" in main.command
        assert [(p.command, p.parent) for p in others] == [("sleep infinity", main.pid)]
