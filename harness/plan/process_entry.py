"""``x-harness: {process: …}``: how a service runs as a local process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.errors import SettingError
from harness.model.project import Service
from harness.plan.ready import parse_ready
from harness.plan.section import Value, check_keys

PROCESS_KEYS = ("command", "cwd", "environment", "port", "ready", "reset", "use")
TECHNOLOGIES = ("mosquitto", "postgres", "redis")
"""What the harness knows how to run from the machine's own installation."""
_IMAGES = {
    "eclipse-mosquitto": "mosquitto",
    "mosquitto": "mosquitto",
    "postgres": "postgres",
    "redis": "redis",
}
# Compose fills these in itself, unless they are written with $$. What it knows nothing of it
# makes empty, without a word.
_OURS = re.compile(r"(?<!\$)(?:\$\$)*\$\{?(?P<name>PORT(?:_\d+)?\b|[\w.-]+\.(?:host|port)\b)")
_WANTED = (
    "a mapping such as {command: [python, app.py], cwd: app, port: 8080}, or the name of what "
    f"the harness knows how to run: {', '.join(TECHNOLOGIES)}"
)


@dataclass(frozen=True, slots=True)
class ProcessEntry:
    """How a service runs as a local process.

    Attributes:
        command: Program and arguments; empty where ``use`` says it.
        use: One of ``TECHNOLOGIES``, or ``""``.
        cwd: The folder to run in; relative to the compose file's project directory.
        port: The container's port that ``$PORT`` stands for, if the entry says so.
        environment: Variables that always win.
    """

    command: tuple[str, ...] = ()
    use: str = ""
    cwd: str = "."
    port: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether it says what to run."""
        return bool(self.command or self.use)


def parse_process(section: object, where: str, whose: str, *, written: bool) -> ProcessEntry:
    """Read a ``process`` section.

    Args:
        section: What stands there; None where nothing does.
        where: What a message begins with: ``compose/app.yml:4: ``.
        whose: ``of service 'app'``.
        written: It is as the compose file writes it; what has a variable in it is passed over.
            Else Compose has resolved it.

    Raises:
        SettingError: It makes no sense.
    """
    value = Value(section, f"{where}x-harness.process", written)
    if section is None or value.open:
        return ProcessEntry()
    found = {"use": section} if isinstance(section, str) else section
    if not isinstance(found, Mapping):
        raise value.wrong(_WANTED)
    check_keys(found, PROCESS_KEYS, f"{value.called} {whose}")
    if written:
        _check_dollars(found, value.called)
    given = {key: value.below(key, entry) for key, entry in found.items()}
    if "ready" in found:
        parse_ready(found["ready"], f"{where}process: ", whose, written=written)
    if "command" in found and "use" in found:
        raise value.wrong("one with `command` or with `use`, not both")
    port = given.get("port")
    return ProcessEntry(
        command=_command(given["command"]) if "command" in given else (),
        use=_use(given["use"]) if "use" in given else "",
        cwd=given["cwd"].text("a folder such as service2", ".") if "cwd" in given else ".",
        port=port.number("a container port such as 8080", 1, 65535, 1)
        if port and not port.open
        else None,
        environment=_environment(given["environment"]) if "environment" in given else {},
    )


def process_of(service: Service) -> ProcessEntry:
    """Return how a resolved service runs as a process; false where neither it nor its image says.

    Raises:
        SettingError: What it says makes no sense.
    """
    where = f"{service.place}: " if service.place else ""
    whose = f"of service {service.name!r}"
    entry = parse_process(service.harness.get("process"), where, whose, written=False)
    if entry:
        return entry
    known = technology_of_image(service.image)
    return ProcessEntry((), known, entry.cwd, entry.port, entry.environment)


def technology_of_image(image: str) -> str:
    """Return what an image is known to hold, by the last part of its name, else ``""``."""
    last = image.rpartition("/")[2]
    return _IMAGES.get(re.split(r"[:@]", last)[0], "")


def _command(value: Value) -> tuple[str, ...]:
    wanted = "a command: a list such as [python, app.py], or a line for the shell"
    words = value.each()
    if not words:
        raise value.wrong(wanted)
    command = tuple(word.text(wanted, "true") for word in words)
    return command if words != [value] else ("/bin/sh", "-c", *command)


def _use(value: Value) -> str:
    if not value.open and value.found not in TECHNOLOGIES:
        raise value.wrong(_WANTED)
    return str(value.found)


def _environment(value: Value) -> dict[str, str]:
    wanted = "a mapping of variables such as {LISTEN: 127.0.0.1:$${PORT}}"
    if not isinstance(value.found, Mapping):
        raise value.wrong(wanted)
    return {str(key): _text(value.below(str(key), found)) for key, found in value.found.items()}


def _text(value: Value) -> str:
    if isinstance(value.found, bool) or not isinstance(value.found, str | int | float):
        raise value.wrong("text")
    if value.found == "":
        return ""
    return value.below("", str(value.found)).text("text", "")


def _check_dollars(found: object, called: str) -> None:
    """Check that what only the harness can fill in is written so that Compose leaves it alone."""
    if isinstance(found, Mapping):
        for key, below in found.items():
            _check_dollars(below, f"{called}.{key}")
    elif isinstance(found, list | tuple):
        for below in found:
            _check_dollars(below, called)
    elif isinstance(found, str) and (name := _OURS.search(found)):
        raise SettingError(
            f"{called}: Compose would fill in ${{{name['name']}}} before the harness can, and "
            f"knows nothing of it. Write $${{{name['name']}}}."
        )
