"""Running ``docker compose config``, and reading what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.engine.cli import Compose, Finished

if TYPE_CHECKING:
    from harness.source import Source

# The whole project is asked for, and a test needs a part of it. So a missing env_file, a volume
# that no file defines and two profiles' variants of one container are for the checks of what is
# needed. Each flag is newer than the oldest Compose that we know, and left out where unknown.
_FLAGS = ("--no-env-resolution", "--no-consistency")


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The files of a project, as Compose is told of them.

    Attributes:
        directory: The project directory.
        files: The compose files.
        env_files: The ``.env`` files; a later one wins.
    """

    directory: Path
    files: tuple[Path, ...]
    env_files: tuple[Path, ...]

    @property
    def arguments(self) -> list[str]:
        """The arguments that name them."""
        arguments = ["--project-directory", str(self.directory)]
        for file in self.files:
            arguments += ["-f", str(file)]
        for file in self.env_files or (Path("/dev/null"),):
            arguments += ["--env-file", str(file)]
        return arguments


def project_directory(source: Source) -> Path:
    """Return what relative paths start from that no folder's own files hold."""
    return source.groups[0].directory if len(source.groups) == 1 else source.root


def placeholder_file(folder: Path) -> Path:
    """Return the file of variables that gives way to every ``.env`` file of a project."""
    return folder / "placeholders.env"


def project_files(source: Source, folder: Path) -> ProjectFiles:
    """Say how a project's files are joined.

    Files of one folder are joined by ``-f``. Files of several folders are joined by an
    ``include`` of each, so that relative paths and ``.env`` stay those of the folder; the file
    that includes them is written into ``folder``, and so is the empty file of placeholders.
    """
    first = placeholder_file(folder)
    first.write_text("")
    groups = source.groups
    if len(groups) == 1:
        return ProjectFiles(
            project_directory(source), groups[0].files, (first, *groups[0].env_files)
        )
    joint = folder / "project.json"
    include = [
        {
            "path": [str(file) for file in group.files],
            "project_directory": str(group.directory),
            "env_file": [str(file) for file in (first, *group.env_files)],
        }
        for group in groups
    ]
    joint.write_text(json.dumps({"include": include}))
    return ProjectFiles(project_directory(source), (joint,), ())


def config(compose: Compose, files: ProjectFiles, env: Mapping[str, str] | None = None) -> Finished:
    """Have Compose resolve every service, whatever its profile.

    Args:
        compose: The Compose to ask.
        files: The project's files.
        env: Variables on top of this process's.
    """
    flags = list(_FLAGS)
    while True:
        done = compose.run([*files.arguments, "--profile", "*", "config", *flags], env=env)
        unknown = [flag for flag in flags if f"unknown flag: {flag}" in done.err]
        if not unknown:
            return done
        flags.remove(unknown[0])


def last_words(done: Finished) -> str:
    """Return Compose's own message, without its warnings."""
    lines = [line for line in done.err.splitlines() if line and "level=warning" not in line]
    return "\n".join(lines[-12:]) or f"exit code {done.code}"


def read(text: str) -> Mapping[str, Any]:
    """Read Compose's YAML output by the YAML 1.2 rules that it is written by.

    PyYAML reads YAML 1.1, in which ``on`` is true and ``22:22`` a number.
    """
    import yaml

    from harness.source.core_schema import core_schema_loader

    document: Mapping[str, Any] = yaml.load(text, Loader=core_schema_loader())  # noqa: S506 - safe subclass
    return document
