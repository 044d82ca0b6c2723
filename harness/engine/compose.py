"""The part of an engine's work that only Compose can do."""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from harness.engine.advice import LOOK, advised
from harness.engine.cli import Compose, Finished
from harness.engine.protocol import Say
from harness.errors import (
    EngineRefusedError,
    EngineUnavailableError,
    HarnessError,
    ImageUnavailableError,
    ServiceNotReadyError,
)

_LINES = 20
# how Docker's commands say that the engine is gone (docker/cli and moby, client/errors.go)
_NO_ENGINE = ("Cannot connect to the Docker daemon", "error during connect", "unexpected EOF")
_ENDED_WELL = re.compile(r"container \S+ exited \(0\)")
_PROGRESS = re.compile(r"\s*Image \S+ (Pull|Build|Built|Error)")


class ComposeEngine:
    """Carries out compose files that the plan has written."""

    def __init__(self, compose: Compose, directory: Path, env_files: Sequence[Path]) -> None:
        """Take the Compose to run.

        Args:
            compose: The Compose to run.
            directory: The project directory: what a stack's label says, and where Compose looks
                for what was not resolved.
            env_files: The ``.env`` files of the project, for variables that a service passes on
                without a value.
        """
        self._compose = compose
        self._directory = directory
        self._env_files = tuple(env_files) or (Path("/dev/null"),)

    @property
    def version(self) -> str:
        """The version of Compose, as its labels give it."""
        return self._compose.version.removeprefix("v")

    def create(self, project: str, file: Path, services: Sequence[str]) -> None:
        """Create containers, networks and volumes.

        Raises:
            EngineRefusedError: Compose or the engine refused; the message is theirs.
        """
        self._do(
            project, file, ["create", "--no-build", "--pull", "never", "--no-recreate"], services
        )

    def up(self, project: str, file: Path, service: str, timeout: float) -> None:
        """Create and start one service, without those that it depends on.

        Raises:
            EngineRefusedError: Compose or the engine refused; the message is theirs.
            ServiceNotReadyError: Compose was not done after ``timeout`` seconds.
        """
        verb = ["up", "-d", "--no-deps", "--no-build", "--pull", "never", "--no-recreate"]
        try:
            self._do(project, file, verb, [service], timeout)
        except subprocess.TimeoutExpired:
            raise ServiceNotReadyError(
                f"service {service!r} has keys that only Compose carries out, and "
                f"`docker compose {' '.join(verb[:3])} {service}` was not done after {timeout:g} s"
            ) from None

    def up_and_wait(
        self, project: str, file: Path, services: Sequence[str], timeout: float
    ) -> None:
        """Create and start services, and wait for them, all in Compose's own way.

        Compose gives up waiting when a service exits, also one that is there to end (Compose
        5.6): that is no refusal.

        Raises:
            EngineRefusedError: Compose or the engine refused; the message is theirs.
        """
        verb = ["up", "-d", "--wait", "--wait-timeout", str(math.ceil(timeout))]
        verb += ["--no-build", "--pull", "never", "--no-recreate"]
        try:
            self._do(project, file, verb, services)
        except EngineRefusedError as error:
            if not _ENDED_WELL.search(str(error)):
                raise

    def build(self, project: str, file: Path, services: Sequence[str], say: Say) -> None:
        """Build images; ``say`` takes the builder's lines.

        Raises:
            ImageUnavailableError: A build failed; the message ends with the builder's last lines.
        """
        done = self._compose.stream([*self._arguments(project, file), "build", *services], say)
        if done.code != 0:
            raise ImageUnavailableError(
                f"the image of {_names(services)} could not be built. The builder's last lines:\n"
                f"{_indented(done)}\n"
                f"Mend the Dockerfile, or run with --docker-compose-no-build to use an image that "
                f"exists."
            )

    def pull(self, project: str, file: Path, services: Sequence[str], say: Say) -> None:
        """Pull images; ``say`` takes Compose's lines (``harness.engine.progress`` reads them).

        Raises:
            ImageUnavailableError: A pull failed.
        """
        verb = [*self._arguments(project, file), "pull", *services]
        # only JSON says how much there is to come; the lines of an old Compose do without
        progress = "json" if self._compose.tells_progress else "plain"
        done = self._compose.stream(verb, say, progress=progress)
        if done.code != 0:
            raise ImageUnavailableError(
                f"the image of {_names(services)} is not here and could not be pulled:\n"
                f"{_indented(done)}\n"
                f"Check the image's name, log in to its registry, or give the service a `build:`."
            )

    def _arguments(self, project: str, file: Path) -> list[str]:
        arguments = ["-p", project, "--project-directory", str(self._directory), "-f", str(file)]
        for env_file in self._env_files:
            arguments += ["--env-file", str(env_file)]
        return arguments

    def _do(
        self,
        project: str,
        file: Path,
        verb: Sequence[str],
        services: Sequence[str],
        timeout: float | None = None,
    ) -> None:
        arguments = [*self._arguments(project, file), *verb, *services]
        done = self._compose.run(arguments, timeout=timeout)
        if done.code != 0:
            raise _refusal(done)


def _refusal(done: Finished) -> HarnessError:
    """Return an error with those lines of Compose's output that are no progress and no warning."""
    lines = [
        line.strip()
        for line in done.err.splitlines()
        if line.strip() and "level=warning" not in line and not line.startswith(" ")
    ]
    words = "\n".join(lines[-8:]) or f"Compose ended with exit code {done.code}"
    if any(sign in words for sign in _NO_ENGINE):
        return EngineUnavailableError(f"Compose cannot reach the Docker Engine: {words}. {LOOK}")
    return EngineRefusedError(advised(words))


def _names(services: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in services)


def _indented(done: Finished) -> str:
    """Return the last lines, each once, without Compose's own warnings and progress."""
    said = dict.fromkeys(
        line
        for line in done.out.splitlines()
        if "level=warning" not in line and not _PROGRESS.match(line)
    )
    return "\n".join(f"    {line}" for line in [*said][-_LINES:])
