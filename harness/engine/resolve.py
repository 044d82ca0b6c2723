"""Asking Compose what the compose files mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.engine.cli import Compose, Finished
from harness.engine.config import (
    ProjectFiles,
    config,
    last_words,
    placeholder_file,
    project_files,
    read,
)
from harness.engine.dotenv import unset_variables
from harness.errors import ComposeFileError
from harness.model.project import Project, parse_project
from harness.plan.placeholders import demanded, is_refusable, placeholder

if TYPE_CHECKING:
    from harness.source import Source

_REQUIRED = re.compile(r"required variable (?P<name>\w+) is missing a value(?:: (?P<message>.*))?")
_UNSET = re.compile(r'The \\"(?P<name>\w+)\\" variable is not set')


def resolve(compose: Compose, source: Source, folder: Path) -> Project:
    """Resolve a project: every service, whatever its profile.

    Where Compose refuses the files, the variables that nobody set get placeholders: whether the
    service that cannot do without one is needed is not for Compose to say.

    Args:
        compose: The Compose to ask.
        source: The compose files.
        folder: Where to write what Compose is to read.

    Raises:
        ComposeFileError: Compose refuses the files all the same.
    """
    return _Resolution(compose, source, folder).run()


class _Resolution:
    """The calls of Compose that it takes to resolve a project: one, if every variable is set.

    ``placeholders`` give way to the ``.env`` files and to the environment. ``forced`` ones do
    not: they are for variables that are set, and empty. ``demanded`` are the variables without
    which Compose went no further, with the words of the compose file.
    """

    def __init__(self, compose: Compose, source: Source, folder: Path) -> None:
        self._compose = compose
        self._source = source
        self._folder = folder
        self._files: ProjectFiles = project_files(source, folder)
        self._variables = source.every_variable
        self._placeholders: dict[str, str] = {}
        self._forced: dict[str, str] = {}
        self._demanded: dict[str, str] = {}
        self._unset: set[str] | None = None

    def run(self) -> Project:
        while (done := config(self._compose, self._files, self._forced)).code != 0:
            self._fill_in(done)
        unset: dict[str, str | None] = dict.fromkeys([*_UNSET.findall(done.err)])
        places = {s.name: str(s.location) for s in self._source.services.values()}
        unset |= dict.fromkeys(self._placeholders)
        project = parse_project(read(done.out), {**unset, **self._demanded}, places)
        return replace(project, placeholders={**self._placeholders, **self._forced})

    def _fill_in(self, done: Finished) -> None:
        """Give placeholders to what may have made Compose refuse.

        Raises:
            ComposeFileError: There is nothing left that would.
        """
        if missing := _REQUIRED.search(done.err):
            name = missing["name"]
            if name in self._forced:
                raise ComposeFileError(self._refusal(done))
            if name in self._placeholders:
                self._forced[name] = self._placeholders[name]
            # the others that Compose would ask for one by one
            messages = {n: m for n, m in demanded(self._variables).items() if n in self._nowhere()}
            self._demanded = {**messages, **self._demanded}
            self._demanded[name] = (missing["message"] or "").strip()
            self._stand_in({name, *messages})
            return
        told = {*_UNSET.findall(done.err)}
        seen = {v.name for v in self._variables}
        refusable = {v.name for v in self._variables if is_refusable(v)}
        empty = (refusable & (self._nowhere() | told)) | (told - seen)
        if empty <= self._placeholders.keys():
            raise ComposeFileError(self._refusal(done))
        self._stand_in(empty)

    def _nowhere(self) -> set[str]:
        """Return the variables that have no value, of those that can be told without Compose."""
        if self._unset is None:
            self._unset = unset_variables(self._compose, self._source, self._folder)
        return self._unset

    def _stand_in(self, names: Iterable[str]) -> None:
        for name in {*names} - self._placeholders.keys():
            uses = [v for v in self._variables if v.name == name]
            self._placeholders[name] = placeholder(uses)
        lines = [f"{name}='{value}'\n" for name, value in self._placeholders.items()]
        placeholder_file(self._folder).write_text("".join(lines))

    def _refusal(self, done: Finished) -> str:
        """Return Compose's own message, and what it may be about: services and variables."""
        words = last_words(done).replace(" false schema", " is no key that Compose knows")
        named = [
            f"service {service.name!r} ({service.location})"
            for service in self._source.services.values()
            if _names(words, service.name)
        ]
        places: Mapping[str, None] = dict.fromkeys(
            f"\n{v.location}: the variable {v.name}, which `{v.key}` uses, has no value."
            for v in self._variables
            if v.name in self._placeholders and not v.default
        )
        return (
            f"Compose refuses the compose files: {words}\n"
            f"Correct {', '.join(named) or 'them'}.{''.join(places)}"
        )


def _names(words: str, service: str) -> bool:
    """Whether Compose's message is about a service."""
    name = re.escape(service)
    return re.search(rf'services\.{name}(?![\w-])|service "{name}"', words) is not None
