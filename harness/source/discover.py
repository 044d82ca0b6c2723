"""Sees whether a project has compose files. A project that has none pays for nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.source.types import Source

FOLDER = "compose"
"""The folder of a project in which its compose files are looked for first."""

# Compose's own names, in its own order of preference; it takes one of each and no more.
DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


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
    if not explicit and not any((root / name).exists() for name in (FOLDER, *DEFAULTS)):
        return None
    from harness.source.find import find

    return find(root, explicit)
