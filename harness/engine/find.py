"""Finding Docker Compose: the docker command's plugin, a binary, the package's own.

The plugin is run by itself, without the docker command, where that would take the same file: it
is made for both (https://github.com/docker/compose/pull/8708), reads the same contexts,
``DOCKER_HOST`` and ``config.json``, and the docker command takes 40 ms to look at all its plugins
before it runs one. Its version is asked once, as long as the file stays what it is.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from harness.engine.cli import Compose
from harness.errors import ComposeUnavailableError, HarnessError
from harness.lease.shared import shared_folder

OLDEST = (2, 0)
_INSTALL = (
    "Install the Docker Compose plugin (v2 or later), or `pip install "
    "'pytest-compose-harness[compose]'`, which brings a Compose of its own."
)
_PLUGIN = ("docker", "compose")
# where the docker command looks after the user's own folder (cli-plugins/manager, manager_unix.go)
_FOLDERS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
_VERSIONS = "compose-versions.json"


class _Candidate(NamedTuple):
    """A command that may be Compose, and the words that a user knows it by."""

    command: tuple[str, ...]
    words: str


def find_compose(mark: Mapping[str, str] | None = None) -> Compose:
    """Return the first usable Compose: plugin, binary, the package's own.

    Args:
        mark: Variables by which its processes are known.

    Raises:
        ComposeUnavailableError: There is none, or only ones that are too old.
    """
    too_old: dict[str, str] = {}
    for command, words in _candidates():
        version = _version(command)
        if version is None:
            continue
        if _numbers(version) >= OLDEST:
            return Compose(command, version, mark or {})
        too_old.setdefault(words, version)
    old = ", ".join(f"`{words}` is {version}" for words, version in too_old.items())
    found = f"found only an older one: {old}" if too_old else "found none"
    raise ComposeUnavailableError(f"wanted Docker Compose v2 or later, {found}. {_INSTALL}")


def _candidates() -> Iterator[_Candidate]:
    if shutil.which("docker"):
        if plugin := _plugin():
            yield _Candidate((str(plugin),), " ".join(_PLUGIN))
        yield _Candidate(_PLUGIN, " ".join(_PLUGIN))
    if binary := shutil.which("docker-compose"):
        yield _Candidate((binary,), binary)
    packaged = Path(sys.executable).parent / "docker-compose"
    if packaged.is_file():
        yield _Candidate((str(packaged),), str(packaged))


def _plugin() -> Path | None:
    """Return the file that ``docker compose`` would run; None where the docker command must say.

    It must where ``config.json`` names further folders, and where what it would take is no
    program: a script may count on being called by the docker command.
    """
    own = Path(os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker"))  # noqa: PTH111 - no home is no error
    if _names_folders(own / "config.json"):
        return None
    for folder in (own / "cli-plugins", *map(Path, _FOLDERS)):
        file = folder / "docker-compose"
        if file.is_file() and os.access(file, os.X_OK):
            return file if _is_program(file) else None
    return None


def _names_folders(file: Path) -> bool:
    """Whether the docker command's settings name folders of plugins, or cannot be read."""
    try:
        return "cliPluginsExtraDirs" in json.loads(file.read_text())
    except FileNotFoundError:
        return False
    except (OSError, ValueError, TypeError):
        return True


def _is_program(file: Path) -> bool:
    """Whether a file is a program by itself, and no script that runs something else."""
    try:
        with file.open("rb") as opened:
            return opened.read(2) != b"#!"
    except OSError:
        return False


def _version(command: Sequence[str]) -> str | None:
    """Return the version of a Compose, asked at most once for each program."""
    if len(command) > 1 or not _is_program(Path(command[0])):
        return _asked(command)
    status = Path(command[0]).resolve().stat()
    key = f"{command[0]} {status.st_ino} {status.st_size} {status.st_mtime_ns}"
    known = _known()
    if key in known:
        return known[key]
    version = _asked(command)
    if version is not None:
        _remember({**known, key: version})
    return version


def _known() -> dict[str, str]:
    """Return the versions that were asked before."""
    try:
        known = json.loads((shared_folder() / _VERSIONS).read_text())
    except (OSError, ValueError, HarnessError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(versions: dict[str, str]) -> None:
    """Write versions down for later runs; whoever cannot asks again."""
    with suppress(OSError, HarnessError):
        file = shared_folder() / _VERSIONS
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(dict([*versions.items()][-20:])))
        draft.replace(file)


def _asked(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(
            [*command, "version", "--short"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    text = done.stdout.strip()
    return text if done.returncode == 0 and re.match(r"v?\d+\.\d+", text) else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
