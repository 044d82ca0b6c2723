"""The folder in which processes of one user find each other's locks."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from harness.errors import HarnessError


def shared_folder() -> Path:
    """Return the folder, made if need be, that only this user can enter.

    Raises:
        HarnessError: Somebody else's folder stands in its place.
    """
    folder = Path(tempfile.gettempdir()) / f"pytest-compose-harness-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise HarnessError(
            f"wanted a folder {folder} for this user's runs, but it cannot be made: "
            f"{error.strerror}. Remove what stands there, or set TMPDIR to a folder that can be "
            f"written to."
        ) from None
    check_own(folder)
    return folder


def check_own(folder: Path) -> None:
    """Check that a folder is this user's.

    Raises:
        HarnessError: It is somebody else's.
    """
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise HarnessError(f"{folder} belongs to somebody else; remove it or set TMPDIR")
