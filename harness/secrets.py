"""The secrets that this process knows of: gathered when something is to be shown, not before."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.masking import Masker
    from harness.model.project import Project
    from harness.plan.need import Environment
    from harness.source import Source


class Secrets:
    """What a session's compose files, tests and environment tell of secrets."""

    def __init__(self, source: Source | None = None) -> None:
        """Know the compose files as they are written.

        Args:
            source: The compose files; there are none where all services are processes.
        """
        self._source = source
        self._project: Project | None = None
        self._given: set[Environment] = set()
        self._masker: Masker | None = None

    def know(self, project: Project) -> None:
        """Take in what the compose files come to."""
        self._project, self._masker = project, None

    def given(self, environment: Environment) -> None:
        """Take in what a test gives its services, or the class of a process service its own."""
        if environment and environment not in self._given:
            self._given.add(environment)
            self._masker = None

    def mask(self, text: str) -> str:
        """Return a text with what is secret hidden."""
        if self._masker is None:
            self._masker = self._make_masker()
        return self._masker.mask(text)

    def _make_masker(self) -> Masker:
        from harness.masking import Masker, variables_of
        from harness.plan import secrets

        variables = [*variables_of(self._environments())]
        names = {*self._source.services} if self._source else set[str]()
        declared = frozenset[str]()
        if self._project:
            names |= secrets.names(self._project)
            declared = secrets.secret_variables(self._project)
        return Masker(variables, names, [value for name, value in variables if name in declared])

    def _environments(self) -> Iterator[Mapping[str, str]]:
        from harness.plan import secrets

        groups = self._source.groups if self._source else ()
        files = [str(file) for group in groups for file in group.env_files]
        if self._project:
            yield from secrets.environments(self._project)
            files += secrets.env_files(self._project)
        yield os.environ
        for environment in self._given.copy():
            yield from (dict(variables) for _, variables in environment)
        for file in dict.fromkeys(files):
            yield secrets.assignments(_text(file))


def _text(file: str) -> str:
    """Return what a file holds; one that cannot be read holds no secret that could be shown."""
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ""
