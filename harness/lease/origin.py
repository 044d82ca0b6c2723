"""Where a run comes from: whose processes this one can judge."""

from __future__ import annotations

import hashlib
import os
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path

from harness.lease.process import pid_namespace
from harness.lease.shared import shared_folder

_MACHINE = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


@cache
def origin() -> str:
    """Return the name of what this process can look over: its user, machine and pid namespace.

    Runs of one origin can tell of each other's processes whether they live. A pid says nothing
    about one of another origin, and neither does a boot id: on an engine that several machines
    use each has its own, and two containers of one machine have the same, but not the same pids.

    It comes of a random id in the user's state directory, of the machine's id, for homes on a
    network, and of the inode of the pid namespace.
    """
    whole = f"{_random_id()} {_machine_id()}"
    return f"{hashlib.sha256(whole.encode()).hexdigest()[:16]}-{pid_namespace()}"


def _random_id() -> str:
    """Return the id that this user has here, made the first time."""
    for folder in (_state_folder(), shared_folder()):
        file = folder / "origin"
        try:
            if not file.exists():
                folder.mkdir(parents=True, exist_ok=True)
                _write_once(file, uuid.uuid4().hex)
            return file.read_text().strip()
        except OSError:
            continue  # a home that cannot be written to
    return uuid.uuid4().hex


def _write_once(file: Path, text: str) -> None:
    """Write a file wholly, unless somebody else is first."""
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_text(text)
    with suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()


def _state_folder() -> Path:
    """Return the user's folder for state (XDG Base Directory Specification)."""
    given = os.environ.get("XDG_STATE_HOME", "")
    home = os.path.expanduser("~/.local/state")  # noqa: PTH111 - no home is no error
    return Path(given if given.startswith("/") else home) / "pytest-compose-harness"


def _machine_id() -> str:
    for file in _MACHINE:
        try:
            return file.read_text().strip()
        except OSError:
            continue
    return ""
