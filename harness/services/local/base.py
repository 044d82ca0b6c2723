"""What all servers have in common that run from the machine's own installation."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.errors import ExecutableError


@dataclass(frozen=True, slots=True)
class Asked:
    """What a server is to be.

    Attributes:
        called: What messages call its service.
        environment: The service's variables.
        data: The folder for its data; what an earlier start left is there still.
        port: Where it is to listen, on 127.0.0.1.
    """

    called: str
    environment: Mapping[str, str]
    data: Path
    port: int


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be started.

    Attributes:
        command: Program and arguments.
        environment: Variables by which its clients find it, for commands that are run beside it.
    """

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


class Server(Protocol):
    """A technology that can be run from the machine's own installation."""

    @property
    def name(self) -> str:
        """The word for it in ``x-harness: {process: …}``."""

    @property
    def port(self) -> int:
        """The port on which it listens in containers."""

    @property
    def signal(self) -> str:
        """The signal that stops it soon and in good order."""

    @property
    def check(self) -> Sequence[str]:
        """The command that ends with 0 once it serves; empty where an open port says so."""

    def launch(self, asked: Asked) -> Launch:
        """Prepare its data, if that has not been done, and say what to start.

        Raises:
            ExecutableError: It is not installed.
            SettingError: Its variables make no sense.
        """


def installed(program: str, folders: Sequence[str], package: str, called: str) -> str:
    """Return the path of a program, from ``PATH`` or from where packages put it.

    Args:
        program: Its name.
        folders: Patterns of folders; of several that match, the highest version counts.
        package: Debian's package that has it.
        called: What messages call the service.

    Raises:
        ExecutableError: It is not there.
    """
    found = (folder for pattern in folders for folder in sorted(glob.glob(pattern), key=_version))  # noqa: PTH207
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), *reversed([*found])])
    path = shutil.which(program, path=places)
    if path is None:
        raise ExecutableError(
            f"{called} is to run as a process and wants {program}, which is neither on PATH nor "
            f"in {', '.join(folders)}. Install it (Debian, Ubuntu: `apt-get install {package}`), "
            f"or run this service's tests in containers (--harness-engine=docker)."
        )
    return path


def _version(folder: str) -> list[int]:
    return [int(part) for part in Path(folder).parts if part.isdecimal()]
