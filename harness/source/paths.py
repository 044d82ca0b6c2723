"""Paths as one spelling for each file, and as a user reads them."""

from __future__ import annotations

import os
from pathlib import Path


def normal(path: Path) -> Path:
    """Return an absolute path without ``..``; links stay, as Compose resolves beside them."""
    return Path(os.path.normpath(path.absolute()))


def shown(path: Path) -> str:
    """Return the path as a user reads it: relative where it lies below the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
