"""What a Redis server's process and configuration say about reaching it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from string import Template

from harness.engine.protocol import Engine, Process, Snapshot

_VARIABLES = ("REDIS_PASSWORD", "REDISCLI_AUTH", "VALKEY_PASSWORD", "VALKEYCLI_AUTH")
_USUAL = 6379


def listening_port(processes: Sequence[Process]) -> int:
    """Return the port in the title that the server gives itself: ``redis-server *:6379``."""
    for process in processes:
        if found := re.match(r"\S*(?:redis|valkey)-server \S*:(\d+)", process.command):
            return int(found[1])
    return _USUAL


def password(engine: Engine, container: Snapshot) -> str | None:
    """Return the password of the server's default user, as far as it can be found.

    It may stand on the command line, in the usual variables, or in the configuration file that
    the command line names.
    """
    words = _words(container.command, container.env)
    if "--requirepass" in words[:-1]:
        return words[words.index("--requirepass") + 1]
    for variable in _VARIABLES:
        if value := container.env.get(variable):
            return value
    for file in (word for word in words if word.endswith(".conf")):
        if found := password_in(engine.exec(container.id, ["cat", file]).output):
            return found
    return None


def password_in(configuration: str) -> str | None:
    """Return the password that a configuration file asks for."""
    found = re.search(r"^\s*requirepass\s+(.+?)\s*$", configuration, re.MULTILINE)
    return shlex.split(found[1])[0] if found else None


def _words(command: Sequence[str], env: Mapping[str, str]) -> list[str]:
    """Split a command, also where it is a shell's script, and fill in its variables."""
    words: list[str] = []
    for part in command:
        script = words[-1:] == ["-c"]
        filled = Template(part).safe_substitute(env) if script else part
        try:
            words += shlex.split(filled) if script else [filled]
        except ValueError:
            words.append(filled)
    return words
