"""What the ``.env`` files of a project say, as Compose reads them.

Compose interpolates with these values when it resolves the files. What it leaves to a later step
is a variable that a service passes on (``environment: {TOKEN: }``), and a config or secret made
from one. By then the files of all folders are one project, and only the harness still knows which
``.env`` each service has.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.engine.cli import Compose
from harness.engine.config import ProjectFiles, config, last_words, read
from harness.errors import ComposeFileError
from harness.model.project import Project, Service, unescaped

if TYPE_CHECKING:
    from harness.source import Source


def dotenv_values(
    compose: Compose, source: Source, project: Project, folder: Path
) -> Mapping[str, Mapping[str, str]]:
    """Return, for each service, the variables that it takes from its ``.env`` files.

    Compose is asked only where there is such a variable, and the process does not have it: the
    environment wins over the files.
    """
    values: dict[str, Mapping[str, str]] = {}
    for group in source.groups:
        wanted = {
            service.name: names
            for service in project.services.values()
            if group is source.group_of(service.name)
            and (names := {*_taken(project, service)} - os.environ.keys())
        }
        if not wanted or not group.env_files:
            continue
        files = ProjectFiles(group.directory, (folder / "dotenv.json",), group.env_files)
        known = _values(compose, files, set().union(*wanted.values()))
        for service, names in wanted.items():
            values[service] = {name: known[name] for name in names & known.keys()}
    return values


def unset_variables(compose: Compose, source: Source, folder: Path) -> set[str]:
    """Return the variables of the compose files that neither the environment nor ``.env`` has.

    A file that is reached over ``include`` may have a ``.env`` of its own, and Compose alone
    knows it: what such a file uses is left out.
    """
    if not source.complete:
        return set()
    uses = [(v.name, source.group_with(v.location.file)) for v in source.every_variable]
    elsewhere = {name for name, group in uses if group is None}
    unset: set[str] = set()
    for group in source.groups:
        names = {name for name, its in uses if its is group} - elsewhere - os.environ.keys()
        if names and group.env_files:
            files = ProjectFiles(group.directory, (folder / "dotenv.json",), group.env_files)
            names -= _values(compose, files, names).keys()
        unset |= names
    return unset


def _taken(project: Project, service: Service) -> Iterable[str]:
    """Yield the variables that a service takes from outside once its files are resolved."""
    for name, value in (service.config.get("environment") or {}).items():
        if value is None:
            yield name
    for kind, declared in (("configs", project.configs), ("secrets", project.secrets)):
        for entry in service.config.get(kind) or ():
            if variable := (declared.get(entry["source"]) or {}).get("environment"):
                yield str(variable)


def _values(compose: Compose, files: ProjectFiles, names: Iterable[str]) -> dict[str, str]:
    """Have Compose interpolate nothing but these variables; those without a value are left out."""
    references = {name: f"${{{name}+=}}${{{name}-}}" for name in names}
    document = {"services": {"values": {"image": "none", "labels": references}}}
    files.files[0].write_text(json.dumps(document))
    done = config(compose, files)
    if done.code != 0:
        raise ComposeFileError(f"Compose refuses the .env files: {last_words(done)}")
    labels = read(done.out)["services"]["values"]["labels"]
    found = {name: unescaped(value) for name, value in labels.items()}
    return {name: value[1:] for name, value in found.items() if value}
