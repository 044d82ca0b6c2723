"""Asking Compose what the compose files mean."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.engine.cli import Compose, Finished
from harness.errors import ComposeFileError
from harness.model.project import Project, parse_project

if TYPE_CHECKING:
    from harness.source import Source

_REQUIRED = re.compile(r"required variable (?P<name>\w+) is missing a value(?:: (?P<message>.*))?")
_UNSET = re.compile(r'The \\"(?P<name>\w+)\\" variable is not set')
# Stands in for a variable that only other services demand. It is valid as a port, an image, a
# size and a count, so that no check of Compose's stumbles over it.
PLACEHOLDER = "1"


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The files of a project, as Compose is told of them."""

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


def project_files(source: Source, folder: Path) -> ProjectFiles:
    """Say how a project's files are joined.

    Files of one folder are joined by ``-f``. Files of several folders are joined by an
    ``include`` of each, so that relative paths and ``.env`` stay those of the folder; the file
    that includes them is written into ``folder``.
    """
    groups = source.groups
    if len(groups) == 1:
        return ProjectFiles(groups[0].directory, groups[0].files, groups[0].env_files)
    joint = folder / "project.json"
    include = [
        {
            "path": [str(file) for file in group.files],
            "project_directory": str(group.directory),
            "env_file": [str(file) for file in group.env_files],
        }
        for group in groups
    ]
    joint.write_text(json.dumps({"include": include}))
    return ProjectFiles(source.root, (joint,), ())


def resolve(
    compose: Compose, files: ProjectFiles, places: Mapping[str, str] | None = None
) -> Project:
    """Resolve a project: every service, whatever its profile.

    A variable that some service demands and nobody set gets a placeholder; whether the service
    that demands it is needed is not for Compose to say.

    Args:
        compose: The Compose to ask.
        files: The project's files.
        places: Where they define each service, for messages.

    Raises:
        ComposeFileError: Compose refuses the files.
    """
    demanded: dict[str, str] = {}
    flags = ["--no-env-resolution"]
    while True:
        done = compose.run(
            [*files.arguments, "--profile", "*", "config", *flags],
            env=dict.fromkeys(demanded, PLACEHOLDER),
        )
        if done.code == 0:
            break
        missing = _REQUIRED.search(done.err)
        if missing and missing["name"] not in demanded:
            demanded[missing["name"]] = (missing["message"] or "").strip()
        elif "unknown flag: --no-env-resolution" in done.err and flags:
            flags = []  # Compose before v2.32: it reads the env_file of every service
        else:
            raise ComposeFileError(_refusal(done, places or {}))
    unset: dict[str, str | None] = dict.fromkeys(_UNSET.findall(done.err))
    return parse_project(_read(done.out), {**unset, **demanded}, places)


def _refusal(done: Finished, places: Mapping[str, str]) -> str:
    """Return Compose's own message, and the places of the services that it names."""
    words = _last_words(done).replace(" false schema", " is no key that Compose knows")
    named = [
        f"service {name!r} ({place})"
        for name, place in places.items()
        if re.search(rf'services\.{re.escape(name)}(?![\w-])|service "{re.escape(name)}"', words)
    ]
    return f"Compose refuses the compose files: {words}\nCorrect {', '.join(named) or 'them'}."


def _last_words(done: Finished) -> str:
    """Return Compose's own message, without its warnings."""
    lines = [line for line in done.err.splitlines() if line and "level=warning" not in line]
    return "\n".join(lines[-12:]) or f"exit code {done.code}"


def _read(text: str) -> Mapping[str, Any]:
    """Read Compose's YAML output by the YAML 1.2 rules that it is written by.

    PyYAML reads YAML 1.1, in which ``on`` is true and ``22:22`` a number.
    """
    import yaml

    from harness.source.core_schema import core_schema_loader

    document: Mapping[str, Any] = yaml.load(text, Loader=core_schema_loader())  # noqa: S506 - safe subclass
    return document
