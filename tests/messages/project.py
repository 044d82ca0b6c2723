"""A project of its own for each test: compose files, a test module, and real pytest runs of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Protocol

import pytest

from harness.engine.client import connect
from tests.eventually import give_to

if TYPE_CHECKING:
    from docker import APIClient

IMAGE = "debian:bookworm-slim"
# Nothing listens on port 1, so a pull is refused at once.
NO_SUCH_IMAGE = "127.0.0.1:1/nothing:1"
FOREVER = "sleep infinity"
_LABEL = "tests.messages.project"
_WORKING_DIR = "com.docker.compose.project.working_dir"
_FRAME = re.compile(r"harness/[\w/]+\.py:\d+|File \".*/harness/")
_HEADER = re.compile(r"^_+ (?:ERROR at \w+ of )?(test_\w+\S*) _+$", re.MULTILINE)
_SECTION = re.compile(r"^(=+ .+ =+|-+ .+ -+)$", re.MULTILINE)


def pytest_command(python: str = sys.executable) -> list[str]:
    return [python, "-m", "pytest", "-p", "no:cacheprovider"]


_LONGEST = 180.0  # seconds until a run that somebody disturbed counts as hung
_PRESSES, _PATIENCE = 4, 30.0  # seconds after which Ctrl-C is pressed again


@dataclass(frozen=True)
class Outcome:
    """How a run of pytest ended, and what it wrote."""

    code: int
    text: str

    @property
    def passed(self) -> bool:
        return self.code == pytest.ExitCode.OK

    @property
    def messages(self) -> dict[str, str]:
        """What is told of each test that failed, by its name."""
        return {name: _SECTION.split(text)[0].strip() for name, text in self.reports.items()}

    @property
    def reports(self) -> dict[str, str]:
        """What is told of each test that failed, with the sections of its report."""
        _, *parts = _HEADER.split(self.text)
        return dict(zip(parts[::2], parts[1::2], strict=True))

    @property
    def message(self) -> str:
        """What is told of the one test that failed."""
        assert self.code == pytest.ExitCode.TESTS_FAILED, self.text
        assert len(self.messages) == 1, self.text
        return next(iter(self.messages.values()))

    @property
    def refusal(self) -> str:
        """What pytest says when it does not begin at all."""
        assert self.code == pytest.ExitCode.USAGE_ERROR, self.text
        _, said = self.text.split("ERROR: ")
        return said.strip()


class Elsewhere(Protocol):
    """An engine of a test's own.

    Attributes:
        host: Its address, as ``DOCKER_HOST`` gives it.
        inside: What a command begins with that is to reach its published ports.
        client: A client of it.
    """

    host: str

    @property
    def inside(self) -> Sequence[str]: ...

    @property
    def client(self) -> APIClient: ...


class Project:
    """Compose files and a test module in a folder of their own.

    After each run nothing of it may be left: no container, network or volume, no file in the
    folder for temporary files. And no message may show the harness's own code.
    """

    def __init__(
        self,
        pytester: pytest.Pytester,
        temporary: Path,
        docker_config: str,
    ) -> None:
        self.root = pytester.path
        give_to(self.root)
        self._pytester = pytester
        self._temporary = temporary
        self._environment = {"TMPDIR": str(temporary), "DOCKER_CONFIG": docker_config}
        self._elsewhere: Elsewhere | None = None
        pytester.makeini("[pytest]\naddopts = --strict-markers\n")

    def on(self, elsewhere: Elsewhere) -> Project:
        """Have its runs use an engine of the test's own."""
        self._elsewhere = elsewhere
        self._environment["DOCKER_HOST"] = elsewhere.host
        return self

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"))
        return file

    def services(self, text: str, file: str = "compose/app.yml") -> None:
        """Write a compose file: ``services:`` stands on line 1, its text from line 2 on."""
        self.write(file, "services:\n" + indent(dedent(text).strip("\n"), "  ") + "\n")
        labels = f"{{default: {{labels: {{{_LABEL}: {self.root}}}}}}}"
        self.write("compose/labels.yml", f"networks: {labels}\n")

    def test(self, text: str) -> None:
        self.write("test_it.py", "import pytest\n\n" + dedent(text).lstrip("\n"))

    def test_of(self, service: str = "app") -> None:
        """Write a test that only wants a service to be there."""
        self.test(f"@pytest.mark.services({service!r})\ndef test_it(): pass\n")

    @property
    def volume_labels(self) -> str:
        """What a named volume must say, so that it is missed when it is left."""
        return f"labels: {{{_LABEL}: {self.root}}}"

    def run(
        self, *args: str, env: Mapping[str, str] | None = None, python: str = sys.executable
    ) -> Outcome:
        with self._patched(env or {}):
            done = self._pytester.run(*self._inside, *pytest_command(python), *args)
        outcome = Outcome(int(done.ret), "\n".join([*done.outlines, *done.errlines]))
        self.check_told_simply(outcome)
        self.check_nothing_left()
        return outcome

    @contextmanager
    def _patched(self, more: Mapping[str, str]) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self._environment, **more}.items():
                patch.setenv(name, value)
            yield

    @property
    def _inside(self) -> Sequence[str]:
        return self._elsewhere.inside if self._elsewhere else ()

    @property
    def client(self) -> APIClient:
        """A client of the engine that this project's runs use."""
        return self._elsewhere.client if self._elsewhere else engine()

    @contextmanager
    def running(self, *args: str) -> Iterator[subprocess.Popen[str]]:
        """Run pytest beside the test, for one that is to be disturbed."""
        with self._patched({}):
            process = subprocess.Popen(
                [*self._inside, *pytest_command(), *args],
                cwd=self.root,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def interrupt(self, process: subprocess.Popen[str]) -> str:
        """Press Ctrl-C as a terminal does it: every process of the run gets the signal.

        Press again where nothing happens: Python drops an interrupt that comes while it runs a
        destructor or the callback of a weak reference.
        """
        for _ in range(_PRESSES):
            os.killpg(process.pid, signal.SIGINT)
            try:
                text, _ = process.communicate(timeout=_PATIENCE)
                break
            except subprocess.TimeoutExpired:
                continue
        else:
            pytest.fail(f"Ctrl-C, {_PRESSES} times, did not end the run")
        assert process.returncode == pytest.ExitCode.INTERRUPTED, text
        assert "Traceback" not in text, text
        self.check_nothing_left()
        return text

    def finish(self, process: subprocess.Popen[str], *, engine_gone: bool = False) -> Outcome:
        """Wait for the end of a run, and check what it wrote and left."""
        text, _ = process.communicate(timeout=_LONGEST)
        outcome = Outcome(process.returncode, text)
        self.check_told_simply(outcome)
        if not engine_gone:
            self.check_nothing_left()
        return outcome

    def containers(self, *, everything: bool = True) -> list[str]:
        """Return the names of this project's containers; those that run, or all."""
        found = self.client.containers(all=everything, filters={"label": [_WORKING_DIR]})
        here = (str(self.root), str(self.root / "compose"))
        return [c["Names"][0].lstrip("/") for c in found if c["Labels"][_WORKING_DIR] in here]

    def succeeds_in(self, container: str, command: str) -> bool:
        """Whether a command run inside a container ends with 0."""
        created = self.client.exec_create(container, ["sh", "-c", command])
        self.client.exec_start(created["Id"])
        return bool(self.client.exec_inspect(created["Id"])["ExitCode"] == 0)

    def check_told_simply(self, outcome: Outcome) -> None:
        assert "Traceback" not in outcome.text, outcome.text
        assert "INTERNALERROR" not in outcome.text, outcome.text
        assert not _FRAME.search(outcome.text), outcome.text

    def check_nothing_left(self) -> None:
        ours = {"label": [f"{_LABEL}={self.root}"]}
        assert self.containers() == []
        assert [n["Name"] for n in self.client.networks(filters=ours)] == []
        assert self.client.volumes(filters=ours)["Volumes"] in ([], None)
        # The folder of locks that a user's processes share stays: a lock's file must not go.
        shared = f"pytest-compose-harness-{os.getuid()}"
        assert [p.name for p in self._temporary.iterdir() if p.name != shared] == []


_engine: list[APIClient] = []


def engine() -> APIClient:
    """Return a client of the engine that the tests run on, whatever a run is told."""
    if not _engine:
        _engine.append(connect()[0])
    return _engine[0]
