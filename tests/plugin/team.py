"""A team's project, on which pytest runs as the team would run it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from tests.eventually import give_to

BASE_IMAGE = "debian:bookworm-slim"
# Answers each line that it receives with $GREETING; holds a connection on which nothing is said.
GREETER = """
$$server = IO::Socket::INET->new(LocalPort => 8080, Listen => 9, ReuseAddr => 1);
while ($$client = $$server->accept) {
  next if fork;
  print $$client "$$ENV{GREETING}\\n" while <$$client>;
  exit
}
"""
# What the tests of the team say to a greeter, and how they see that a container goes: it is
# removed while pytest goes on.
TALK = """
import socket
import harness
from eventually import eventually

def ask(service):
    with socket.create_connection((service.host, service.port), timeout=10) as connection:
        connection.sendall(b"\\n")
        return connection.recv(99).decode().strip()

def gone(container):
    return eventually(lambda: _gone_by_now(container))

def _gone_by_now(container):
    try:
        container.status
    except harness.ContainerGoneError:
        return True
    return False
"""
# pytester moves HOME, and with it the docker context and Compose's plugin.
_DOCKER_CONFIG = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


@dataclass(frozen=True)
class Team:
    """Writes the files of a team, and runs its tests."""

    pytester: pytest.Pytester
    monkeypatch: pytest.MonkeyPatch

    def __post_init__(self) -> None:
        self.pytester.makepyfile(talk=TALK)
        give_to(self.pytester.path)
        if _DOCKER_CONFIG.is_dir():
            self.monkeypatch.setenv("DOCKER_CONFIG", str(_DOCKER_CONFIG))
        for name in list(os.environ):
            if name.startswith("HARNESS_") or name == "COMPOSE_FILE":
                self.monkeypatch.delenv(name)

    @property
    def root(self) -> Path:
        """The folder of the project."""
        return self.pytester.path

    def write(self, path: str, text: str) -> Path:
        """Write a file of the project, its text without the indentation of the test."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
        return file

    def services(self, *names: str) -> None:
        """Write ``compose/NAME.yml`` for services that run and publish nothing."""
        for name in names:
            self.service(name)

    def service(self, name: str, **keys: object) -> None:
        """Write ``compose/NAME.yml`` with a service that runs, and has these keys besides."""
        self.write(f"compose/{name}.yml", f"services:\n  {name}: {sleeper(**keys)}\n")

    def greeter(self, name: str, **keys: object) -> None:
        """Write ``compose/NAME.yml`` with a service that answers ``hello`` on port 8080."""
        command = ["perl", "-MIO::Socket", "-e", GREETER]
        given = {"command": command, "ports": ["8080"], "environment": {"GREETING": "hello"}}
        self.service(name, **(given | keys))

    def tests(self, text: str) -> None:
        """Write ``test_team.py``."""
        self.write("test_team.py", text)

    def conftest(self, text: str) -> None:
        """Write ``conftest.py``."""
        self.write("conftest.py", text)

    def ini(self, text: str) -> None:
        """Write ``pytest.ini``."""
        self.write("pytest.ini", "[pytest]\n" + dedent(text))

    def run(self, *args: str) -> pytest.RunResult:
        """Run pytest within this process, any warning being an error; for what needs no engine."""
        return self.pytester.runpytest_inprocess("--strict-markers", "-Werror", *args)

    def run_for_real(self, *args: str) -> pytest.RunResult:
        """Run pytest in a process of its own, any warning being an error."""
        return self.pytester.runpytest_subprocess("--strict-markers", "-Werror", *args, timeout=120)

    def passes(self, *args: str, passed: int) -> pytest.RunResult:
        """Run the tests for real, and expect that so many pass and nothing else happens."""
        result = self.run_for_real(*args)
        result.assert_outcomes(passed=passed)
        assert result.ret == 0
        return result

    def collected(self, *args: str) -> set[str]:
        """Return the tests that pytest collects and selects, without the name of their file."""
        result = self.run("--collect-only", "-q", *args)
        assert result.ret in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
        return {line.partition("::")[2] for line in result.outlines if "::" in line}

    def marker_lines(self) -> dict[str, str]:
        """Return what ``pytest --markers`` says of each marker."""
        result = self.run("--markers")
        assert result.ret == 0
        lines = (line.removeprefix("@pytest.mark.") for line in result.outlines if line[:1] == "@")
        return {line.partition(":")[0].partition("(")[0]: line for line in lines}


def sleeper(**keys: object) -> str:
    """Return the section of a service that runs until it is killed."""
    return json.dumps({"image": BASE_IMAGE, "command": ["sleep", "infinity"], **keys})
