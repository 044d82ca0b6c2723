"""The folder in which a project keeps what runs tell: ``.harness``."""

from __future__ import annotations

from pathlib import Path

NAME = ".harness"


def harness_folder(root: Path) -> Path:
    """Return the folder of a project; it is made if need be, and git passes it over.

    Args:
        root: The project's root directory.

    Raises:
        OSError: It cannot be made.
    """
    folder = root / NAME
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return folder
