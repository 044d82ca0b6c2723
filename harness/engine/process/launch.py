"""What is to be started for a service, with the variables that it gets."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.engine.process.store import Made, Store
from harness.errors import ContainerGoneError, ExecutableError, SettingError
from harness.plan.addresses import AmbiguousError, Ports, filled_in, rewritten
from harness.services.local import Asked, server


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be started.

    Attributes:
        command: Program, by its path, and arguments.
        cwd: Where.
        environment: Variables on top of those of the tests.
    """

    command: list[str]
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def prepare(made: Made, names: Mapping[str, Ports], data: Path) -> Prepared:
    """Say what to start for a service, now that it is known where its dependencies listen.

    Args:
        made: The service's process.
        names: What each name stands for that it knows others by.
        data: A folder for its data, not yet there at its first start.

    Raises:
        SettingError: A variable, or a reference, leads nowhere.
        ExecutableError: The program is not there.
    """
    given = port_variables(made)
    environment = variables(made, names)
    if made.use:
        main = dict(made.ports)[server(made.use).port]
        launch = server(made.use).launch(Asked(made.called, environment, data, main))
        return Prepared([*launch.command], Path("/"), {**environment, **launch.environment})
    environment.setdefault("PATH", _path())
    environment.setdefault("PYTHONUNBUFFERED", "1")  # else Python's lines come when it ends
    command = [_filled(made, "command", word, given, names) for word in made.command]
    cwd = Path(_filled(made, "cwd", made.cwd, given, names))
    if not cwd.is_dir():
        raise ExecutableError(
            f"{made.called} wants to run in {cwd}, which is no folder. Mend `x-harness: "
            f"{{process: {{cwd: …}}}}`: it is relative to the compose file's project directory."
        )
    return Prepared([_program(made, command[0], cwd, environment), *command[1:]], cwd, environment)


def variables(made: Made, names: Mapping[str, Ports]) -> dict[str, str]:
    """Return the variables that a service's process gets on top of those of the tests.

    Args:
        made: The service's process.
        names: What each name stands for that it knows others by.

    Raises:
        SettingError: A variable, or a reference, leads nowhere.
    """
    given = port_variables(made)
    environment = {**_rewritten(made, names), **given}
    for variable, value in made.own.items():
        environment[variable] = _filled(made, f"environment.{variable}", value, given, names)
    return environment


def port_variables(made: Made) -> dict[str, str]:
    """Return ``PORT`` and its like: where the process is to listen."""
    variables = {f"PORT_{inside}": str(outside) for inside, outside in made.ports}
    return {"PORT": str(made.ports[0][1]), **variables} if made.ports else {}


def with_ports(made: Made, text: str) -> str:
    """Fill ``${PORT}`` and its like into a word of a command that is run beside a process."""
    try:
        return filled_in(text, port_variables(made), {})
    except ValueError:
        return text


def names_for(made: Made, store: Store, containers: Mapping[str, Ports]) -> dict[str, Ports]:
    """Return what each name stands for that a service knows others by, itself included.

    Args:
        made: The service's process.
        store: Knows the other processes.
        containers: The names of containers that it may reach.
    """
    found: dict[str, Ports] = {**containers}
    for other in store.find({}):
        if other.stack == made.stack and other.number == 1:
            found.update(dict.fromkeys(other.names, other.addresses))
    for name, id_ in store.connected(made.stack).items():
        try:
            found.setdefault(name, store.made(id_).addresses)
        except ContainerGoneError:
            continue
    found.update({alias: found[name] for alias, name in made.links.items() if name in found})
    found.update(dict.fromkeys(made.names, made.addresses))
    return found


def _rewritten(made: Made, names: Mapping[str, Ports]) -> dict[str, str]:
    theirs = {name: value for name, value in made.environment.items() if name not in made.own}
    try:
        return rewritten(theirs, names, made.names, made.own.keys())
    except AmbiguousError as error:
        name, port = error.lacks or ("", 0)
        add = f'Add `ports: ["{port}"]` to service {name!r}. Or say' if error.lacks else "Say"
        raise SettingError(
            f"{_line_of(made.place, error.variable)}: the variable {error.variable} of service "
            f"{made.service!r} is {theirs.get(error.variable, '')!r}, and as a process the "
            f"service cannot know where that listens: {error.why}. {add} it: `x-harness: "
            f"{{process: {{environment: {{{error.variable}: {error.instead!r}}}}}}}`, where "
            f"$${{name.host}}, $${{name.port}} and $${{name.port_8080}} stand for where services "
            f"listen."
        ) from None


def _filled(
    made: Made, key: str, text: str, given: Mapping[str, str], names: Mapping[str, Ports]
) -> str:
    try:
        return filled_in(text, given, names)
    except ValueError as error:
        raise SettingError(
            f"{made.called}: x-harness.process.{key} has a reference that leads nowhere: {error}"
        ) from None


def _path() -> str:
    """Return ``PATH`` as in an activated virtual environment: that of the Python of the tests."""
    here = str(Path(sys.executable).parent)
    return os.pathsep.join([here, os.environ.get("PATH", os.defpath)])


def _program(made: Made, name: str, cwd: Path, environment: Mapping[str, str]) -> str:
    path = environment["PATH"]
    found = shutil.which(str(cwd / name) if "/" in name else name, path=path)
    if found is None:
        where = f"is no program in {cwd}" if "/" in name else f"is not on PATH ({path})"
        raise ExecutableError(
            f"{made.called} wants to run {name!r}, which {where}. Install or build it, or mend "
            f"`x-harness: {{process: {{command: …}}}}`."
        )
    return found


def _line_of(place: str, variable: str) -> str:
    """Return where a variable is set: the first line behind the service's that begins with it."""
    file, _, line = place.rpartition(":")
    try:
        lines = Path(file).read_text().splitlines()
        for number, text in enumerate(lines[int(line) :], int(line) + 1):
            if text.lstrip(" -\"'").startswith((f"{variable}:", f"{variable}=")):
                return f"{file}:{number}"
    except (OSError, ValueError):
        pass
    return place
