"""Finds the compose files of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from harness.errors import ComposeFileError
from harness.source.paths import normal, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from harness.source.types import Source

FOLDER = "compose"
"""The folder of a project in which its compose files are looked for first."""

_SUFFIXES = (".yml", ".yaml")
# Compose's own names, in its own order of preference; it takes one of each and no more.
_DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)


def discover(root: Path, explicit: Sequence[Path] = ()) -> Source | None:
    """Return what the compose files of a project say; None if it has none.

    Without ``explicit`` those are the YAML files of ``root/compose/``, else the
    ``compose.yaml`` of the root with its override, under any name that Compose knows.

    Args:
        root: the project's root.
        explicit: files and folders to take instead, relative to ``root`` or absolute. A file
            is taken as it is; of a folder those files count that are compose files.

    Raises:
        ComposeFileError: a path of ``explicit`` does not exist or is no compose file, a file
            cannot be read, or no file defines a service.
        DuplicateServiceError: two files define the same service.
    """
    root = normal(root)
    if not explicit:
        choices = (_in_folder(root / FOLDER), _default(root))
        return _first(root, choices).source
    outcome = _first(root, (_named(root, explicit),))
    if outcome.source is None:
        raise ComposeFileError(_nothing(explicit, outcome.left_out))
    return outcome.source


class Candidate(NamedTuple):
    """A file that may be a compose file; ``named``: somebody said that it is one."""

    path: Path
    named: bool


class _Outcome(NamedTuple):
    source: Source | None
    left_out: tuple[tuple[Path, str], ...]


def _first(root: Path, choices: Iterable[Sequence[Candidate]]) -> _Outcome:
    """Return the source of the first choice that has a compose file in it."""
    left_out: tuple[tuple[Path, str], ...] = ()
    for candidates in choices:
        if not candidates:
            continue
        # Imported now: a project without compose files does not pay for YAML.
        from harness.source.project import assemble
        from harness.source.reader import Reader
        from harness.source.select import Selection, select

        reader = Reader()
        selection = select(candidates, reader)
        left_out += selection.left_out
        if selection.files:
            return _Outcome(assemble(root, Selection(selection.files, left_out), reader), left_out)
    return _Outcome(None, left_out)


def _named(root: Path, explicit: Sequence[Path]) -> tuple[Candidate, ...]:
    """Return the candidates of paths that a user named; a file counts once."""
    found: dict[Path, Candidate] = {}
    for path in explicit:
        place = normal(root / path)
        if place.is_dir():
            for candidate in _in_folder(place):
                found.setdefault(candidate.path.resolve(), candidate)
        elif place.exists():
            # Named by itself and with its folder: it keeps its place, and counts in any case.
            known = found.get(place.resolve())
            found[place.resolve()] = Candidate(known.path if known else place, named=True)
        else:
            looked = "" if path.is_absolute() else f" (looked for {place})"
            message = (
                f"There is no compose file or folder {str(path)!r}{looked}. "
                f"Correct the path: --docker-compose or ini harness_files names it."
            )
            raise ComposeFileError(message)
    return tuple(found.values())


def _in_folder(folder: Path) -> tuple[Candidate, ...]:
    """Return the YAML files of a folder, by name; hidden ones are an editor's."""
    try:
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        message = f"Cannot read the folder {shown(folder)}: {error.strerror or error}."
        raise ComposeFileError(message) from error
    return tuple(
        Candidate(path, named=False)
        for path in paths
        if path.suffix in _SUFFIXES and not path.name.startswith(".") and not path.is_dir()
    )


def _default(root: Path) -> tuple[Candidate, ...]:
    """Return the one file that Compose itself would take, and its one override."""
    base = _first_file(root, _DEFAULTS)
    override = _first_file(root, _OVERRIDES)
    if base is None:
        return ()
    paths = (base, override) if override else (base,)
    return tuple(Candidate(path, named=True) for path in paths)


def _first_file(folder: Path, names: Sequence[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _nothing(explicit: Sequence[Path], left_out: Sequence[tuple[Path, str]]) -> str:
    """Return what to say when only folders were named, and none holds a compose file."""
    named = ", ".join(repr(str(path)) for path in explicit)
    reasons = "".join(f"\n  {shown(path)}: {reason}" for path, reason in left_out)
    return (
        f"There is no compose file in {named}: a folder must hold a `*.yml` or `*.yaml` file "
        f"with a top-level `services:` mapping.{reasons}"
    )
