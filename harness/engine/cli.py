"""Running Docker Compose."""

from __future__ import annotations

import os
import re
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.engine.progress import plain_lines
from harness.engine.protocol import Say

_GRACE = 10  # seconds; creating a stack takes well under one


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished command: its exit code and what it wrote."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Compose:
    """A Docker Compose that can be run.

    Attributes:
        command: What to run.
        version: What it says that it is.
        mark: Variables by which its processes are known.
    """

    command: tuple[str, ...]
    version: str
    mark: Mapping[str, str] = field(default_factory=dict)

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
            env=_environment({**self.mark, **(env or {})}),
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

    @property
    def tells_progress(self) -> bool:
        """Whether it can tell of its progress in JSON (Compose 2.29 and later)."""
        found = re.match(r"v?(\d+)\.(\d+)", self.version)
        return found is not None and (int(found[1]), int(found[2])) >= (2, 29)

    def stream(
        self, args: Sequence[str], say: Say, keep: int = 40, progress: str = "plain"
    ) -> Finished:
        """Run Compose, hand on each line as it comes, and keep the last of them.

        Args:
            args: Compose's arguments.
            say: Takes each line.
            keep: How many lines are kept.
            progress: How Compose is to tell of its progress.
        """
        last: deque[str] = deque(maxlen=keep)
        with subprocess.Popen(
            [*self.command, "--progress", progress, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=_environment(self.mark),
            start_new_session=True,
        ) as process:
            try:
                for line in process.stdout or ():
                    if text := line.rstrip():
                        last.extend(plain_lines(text) if progress == "json" else [text])
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


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """Compose's own variables must not change which files or project it takes."""
    ours = {
        "COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "COMPOSE_ENV_FILES",
        "COMPOSE_PROGRESS", "COMPOSE_ANSI", "COMPOSE_REMOVE_ORPHANS",
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "COMPOSE_ANSI": "never", **more}
