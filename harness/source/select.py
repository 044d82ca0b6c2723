"""Which of the files found are the project's own, and in which order they merge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from harness.errors import ComposeFileError
from harness.source.paths import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from harness.source.discover import Candidate
    from harness.source.reader import Reader

_OVERRIDE = ".override"
_DEFAULT_STEMS = ("compose", "docker-compose")


class Selection(NamedTuple):
    """The project's own files in the order of mention, and those left out, with the reason."""

    files: tuple[Path, ...]
    left_out: tuple[tuple[Path, str], ...]


def select(candidates: Iterable[Candidate], reader: Reader) -> Selection:
    """Tell the project's own files from other YAML and from files that these lead to.

    Raises:
        ComposeFileError: a named file is no compose file, or a file cannot be read.
    """
    left_out: dict[Path, str] = {}
    files: list[Candidate] = []
    for candidate in candidates:
        reason = reader.why_not(candidate.path)
        if not reason:
            files.append(candidate)
        elif candidate.named:
            message = (
                f"{shown(candidate.path)} is no compose file: {reason}. A compose file needs a "
                "`services:` mapping at its top level; name another file, or complete this one."
            )
            raise ComposeFileError(message)
        else:
            left_out[candidate.path] = reason
    left_out |= _led_to(files, reader)
    kept = [candidate.path for candidate in files if candidate.path not in left_out]
    named = {candidate.path for candidate in files if candidate.named}
    for path in [path for path in kept if path not in named]:
        # What Compose reads by itself is read without its override.
        base = _base(path, [file.path for file in files])
        if base in left_out and base not in reader.reached(path):
            left_out[path] = f"it overrides {base.name}, and {left_out[base]}"
            kept.remove(path)
    return Selection(tuple(kept), tuple(left_out.items()))


def arrange(files: Sequence[Path]) -> list[list[Path]]:
    """Group files into units: a base and what overrides it, in merge order.

    ``NAME.override.yml`` overrides the ``NAME.yml`` or ``NAME.yaml`` of its folder. As in
    Compose, ``compose.override.yml`` overrides any of the four default names. Without its base
    an override is a file like any other.
    """
    units = {path: [path] for path in files if _base(path, files) is None}
    for path in files:
        base = _base(path, files)
        # An override of an override follows what that one follows.
        while base is not None and base not in units:
            base = _base(base, files)
        if base is not None:
            units[base].append(path)
    return list(units.values())


def _led_to(files: Sequence[Candidate], reader: Reader) -> dict[Path, str]:
    """Return the files that others lead to; of a circle the first stays."""
    leads = {candidate.path: reader.reached(candidate.path) for candidate in files}
    free = {candidate.path: None for candidate in files if not candidate.named}
    reasons: dict[Path, str] = {}
    everywhere = set().union(*leads.values())
    starts = [path for path in leads if path not in free or path not in everywhere]
    for start in [*starts, *free]:
        if start not in reasons:
            reasons |= {
                path: reason
                for path, reason in leads[start].items()
                if path in free and path not in reasons and path != start
            }
    return reasons


def _base(path: Path, files: Sequence[Path]) -> Path | None:
    """Return which of the files ``path`` overrides by its name."""
    if not path.stem.endswith(_OVERRIDE):
        return None
    stem = path.stem.removesuffix(_OVERRIDE)
    stems = (stem, *_DEFAULT_STEMS) if stem in _DEFAULT_STEMS else (stem,)
    names = [f"{stem}{suffix}" for stem in stems for suffix in (path.suffix, ".yaml", ".yml")]
    beside = {file.name: file for file in files if file.parent == path.parent and file != path}
    return next((beside[name] for name in names if name in beside), None)
