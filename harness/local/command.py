"""What is to be run, and where: found before it is tried."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from harness.errors import ExecutableError

Name = str | os.PathLike[str]


def find_executable(name: Name, root: Path, env: Mapping[str, str], called: object) -> str:
    """Return the path of an executable.

    Args:
        name: Text without a slash is looked up on ``PATH``, all else is a path.
        root: What a relative path is relative to.
        env: The variables of the process, ``PATH`` among them.
        called: What messages call the service.

    Raises:
        ExecutableError: There is none, or it may not be run.
    """
    if not str(name):
        raise ExecutableError(f"{called} says not what to run: set `executable_path` in its class")
    if isinstance(name, str) and "/" not in name:
        path = env.get("PATH", os.defpath)
        found = shutil.which(name, path=path)
        if found is None:
            raise ExecutableError(
                f"wanted to run {name!r} for {called}, but there is no such command on PATH "
                f"({path}). Install it, or give its path: a name without a slash is looked up "
                f"on PATH, {'./' + name!r} below {root}."
            )
        return found
    file = root / name
    if not file.exists():
        raise ExecutableError(
            f"wanted to run {str(name)!r} for {called}, but there is no {file}. Build it first, "
            f"or mend `executable_path`: a relative path is relative to {root}."
        )
    if file.is_dir():
        raise ExecutableError(
            f"wanted to run {str(name)!r} for {called}, but {file} is a directory. Name the "
            f"program in it."
        )
    if not os.access(file, os.X_OK):
        raise ExecutableError(
            f"wanted to run {str(name)!r} for {called}, but {file} is not executable. Try "
            f"`chmod +x {file}`, or run it with its interpreter."
        )
    return str(file)


def find_folder(name: Name | None, root: Path, called: object) -> Path:
    """Return the folder that a process is to run in.

    Args:
        name: A path; the root where there is none.
        root: What a relative path is relative to.
        called: What messages call the service.

    Raises:
        ExecutableError: There is no such folder.
    """
    folder = root / name if name is not None else root
    if not folder.is_dir():
        found = "is no directory" if folder.exists() else "does not exist"
        raise ExecutableError(
            f"wanted to run {called} in {folder}, which {found}. Mend `cwd`: a relative path is "
            f"relative to {root}."
        )
    return folder


def not_run(command: str, error: OSError, called: object) -> ExecutableError:
    """Return the error for a program that the system would not run though it is there."""
    why = (error.strerror or str(error)).lower()
    if isinstance(error, FileNotFoundError):
        why = "the interpreter that its first line (or the ELF header) names does not exist"
    elif error.strerror == "Exec format error":
        why = "it is neither a program of this machine nor a script that begins with #!"
    return ExecutableError(f"wanted to run {command} for {called}, but {why}.")
