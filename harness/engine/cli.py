"""Finding Docker Compose, and running it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.engine.protocol import Say
from harness.errors import ComposeUnavailableError

OLDEST = (2, 0)
_GRACE = 10  # seconds; creating a stack takes well under one
_INSTALL = (
    "Install the Docker Compose plugin (v2 or later), or `pip install "
    "'pytest-compose-harness[compose]'`, which brings a Compose of its own."
)


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished command: its exit code and what it wrote."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Compose:
    """A Docker Compose that can be run."""

    command: tuple[str, ...]
    version: str

    def run(
        self,
        args: Sequence[str],
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Finished:
        """Run Compose to its end.

        It runs in a session of its own, out of reach of a terminal's Ctrl-C: what it has asked of
        the engine must have come about before it can be removed. An interrupt waits for it.

        Args:
            args: Compose's arguments.
            env: Variables on top of this process's.
            timeout: Seconds after which it is killed.

        Raises:
            subprocess.TimeoutExpired: It took longer.
        """
        with subprocess.Popen(
            [*self.command, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=_environment(env),
            start_new_session=True,
        ) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            except BaseException:
                _end(process)
                raise
        return Finished(process.returncode, out, err)

    def stream(self, args: Sequence[str], say: Say, keep: int = 40) -> Finished:
        """Run Compose, show each line as it comes, and keep the last of them."""
        last: deque[str] = deque(maxlen=keep)
        with subprocess.Popen(
            [*self.command, "--progress", "plain", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=_environment(None),
            start_new_session=True,
        ) as process:
            try:
                for line in process.stdout or ():
                    if text := line.rstrip():
                        last.append(text)
                        say(text)
            except BaseException:
                process.kill()
                raise
        return Finished(process.returncode, "\n".join(last), "")


def _end(process: subprocess.Popen[str]) -> None:
    """Let an interrupted Compose come to its end, if that is near."""
    try:
        process.communicate(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    """Compose's own variables must not change which files or project it takes."""
    ours = {
        "COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "COMPOSE_ENV_FILES",
        "COMPOSE_PROGRESS", "COMPOSE_ANSI", "COMPOSE_REMOVE_ORPHANS",
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "COMPOSE_ANSI": "never", **(more or {})}


def find_compose() -> Compose:
    """Return the first usable Compose: plugin, binary, the package's own.

    Raises:
        ComposeUnavailableError: There is none, or only ones that are too old.
    """
    too_old = []
    for command in _candidates():
        version = _version(command)
        if version is None:
            continue
        if _numbers(version) >= OLDEST:
            return Compose(command, version)
        too_old.append(f"`{' '.join(command)}` is {version}")
    found = f"found only an older one: {', '.join(too_old)}" if too_old else "found none"
    raise ComposeUnavailableError(f"wanted Docker Compose v2 or later, {found}. {_INSTALL}")


def likely_compose() -> Compose | None:
    """Return the Compose that ``find_compose`` tries first, without asking for its version."""
    command = next(_candidates(), None)
    return Compose(command, "") if command else None


def _candidates() -> Iterator[tuple[str, ...]]:
    if shutil.which("docker"):
        yield ("docker", "compose")
    if binary := shutil.which("docker-compose"):
        yield (binary,)
    packaged = Path(sys.executable).parent / "docker-compose"
    if packaged.is_file():
        yield (str(packaged),)


def _version(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(
            [*command, "version", "--short"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    text = done.stdout.strip()
    return text if done.returncode == 0 and re.match(r"v?\d+\.\d+", text) else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
