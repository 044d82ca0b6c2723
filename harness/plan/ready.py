"""``x-harness: {ready: …}``: how a service says by what it is known to be ready."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import SettingError
from harness.model.budget import WANTED, Budget, budget
from harness.model.duration import seconds
from harness.model.project import Service
from harness.plan.section import Value, check_keys


@dataclass(frozen=True, slots=True)
class Tcp:
    """Published TCP ports hold a connection: these container ports, or all where none is named."""

    ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Log:
    """So many lines since its start match a regular expression."""

    pattern: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Http:
    """A GET is answered with one of these statuses, or any 2xx or 3xx where none is named.

    ``port`` is the container's; without one, the first TCP port that the service publishes.
    """

    path: str = "/"
    port: int | None = None
    status: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """The declared health check passes."""


@dataclass(frozen=True, slots=True)
class Exec:
    """A command in the container ends with 0."""

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exit:
    """The container has ended with this code."""

    code: int = 0


Check = Tcp | Log | Http | Health | Exec | Exit


@dataclass(frozen=True, slots=True)
class Ready:
    """What a service's ``ready`` asks for.

    Attributes:
        checks: What must hold, one after the other; none means the usual: the published TCP
            ports, then the declared health check.
        timeout: Seconds it may take, where the service says so.
        budget: What it may take before the run fails, where the service says so.
    """

    checks: tuple[Check, ...] = ()
    timeout: float | None = None
    budget: Budget | None = None

    @property
    def exit_code(self) -> int | None:
        """The code with which the container is to end, if it is to end."""
        return next((check.code for check in self.checks if isinstance(check, Exit)), None)


_PORT = "a container port such as 8080, or true for every published TCP port"


def _tcp(value: Value) -> Tcp:
    if value.true or value.open:
        return Tcp()
    if not value.each():
        raise value.wrong(_PORT)
    return Tcp(tuple(one.number(_PORT, 1, 65535, 1) for one in value.each() if not one.open))


def _http(value: Value) -> Http:
    if not isinstance(value.found, Mapping):
        wanted = "a path such as /health, or a mapping such as {path: /health, port: 8080}"
        return Http(_path(value, wanted))
    check_keys(value.found, ("path", "port", "status"), value.called)
    given = {key: value.below(key, found) for key, found in value.found.items()}
    path, port, status = given.get("path"), given.get("port"), given.get("status")
    wanted = "an HTTP status such as 200, or a list of them"
    return Http(
        path=_path(path, "a path such as /health") if path else "/",
        port=port.number("a container port such as 8080", 1, 65535, 1)
        if port and not port.open
        else None,
        status=tuple(s.number(wanted, 100, 599, 200) for s in status.each()) if status else (),
    )


def _path(value: Value, wanted: str) -> str:
    path = value.text(wanted, "/")
    if not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path:
        raise value.wrong(f"{wanted} (it begins with / and is percent-encoded)")
    return path


def _log(value: Value) -> Log:
    wanted = "a regular expression, or a mapping such as {pattern: ready to accept, count: 2}"
    if not isinstance(value.found, Mapping):
        return Log(_pattern(value, wanted))
    check_keys(value.found, ("pattern", "count"), value.called)
    if "pattern" not in value.found:
        raise value.wrong(wanted)
    count = value.below("count", value.found.get("count", 1))
    return Log(
        _pattern(value.below("pattern", value.found["pattern"]), "a regular expression"),
        count.number("a number of lines, 1 or more", 1, 1_000_000, 1),
    )


def _pattern(value: Value, wanted: str) -> str:
    pattern = value.text(wanted, "")
    try:
        re.compile(pattern)
    except re.error as error:
        raise value.wrong(f"a regular expression ({error})") from None
    return pattern


def _health(value: Value) -> Health:
    if value.true or value.open:
        return Health()
    raise value.wrong("true")


def _exec(value: Value) -> Exec:
    wanted = "a command: a list such as [pg_isready, -q], or a line for the shell"
    words = value.each()
    if not words:
        raise value.wrong(wanted)
    command = tuple(word.text(wanted, "true") for word in words)
    return Exec(command if words != [value] else ("/bin/sh", "-c", *command))


def _exit(value: Value) -> Exit:
    return Exit(value.number("an exit code from 0 to 255", 0, 255, 0))


# In a mapping of several this is their order: Compose sorts the keys of what it resolves.
_KINDS: Mapping[str, Callable[[Value], Check]] = {
    "log": _log,
    "tcp": _tcp,
    "health": _health,
    "exec": _exec,
    "http": _http,
    "exit": _exit,
}
READY_KEYS = ("budget", "timeout", *_KINDS)
_WANTED = (
    "a mapping such as {timeout: 90s} or {http: /health}, a list of such mappings, `tcp` or "
    "`health`"
)


def parse_ready(section: object, where: str, whose: str, *, written: bool) -> Ready:
    """Read a ``ready`` section.

    Args:
        section: What stands there.
        where: What a message begins with: ``compose/app.yml:4: ``.
        whose: ``of service 'app'``.
        written: It is as the compose file writes it; what has a variable in it is passed over.
            Else Compose has resolved it.

    Raises:
        SettingError: It makes no sense.
    """
    value = Value(section, f"{where}x-harness.ready", written)
    if value.open:
        return Ready()
    checks: list[Check] = []
    timeouts: list[float] = []
    budgets: list[Budget] = []
    for entry in value.each():
        if entry.open:
            continue
        mapping = {entry.found: True} if entry.found in ("tcp", "health") else entry.found
        if not isinstance(mapping, Mapping):
            raise entry.wrong(_WANTED)
        check_keys(mapping, READY_KEYS, f"{value.called} {whose}")
        checks += [
            read(entry.below(key, mapping[key])) for key, read in _KINDS.items() if key in mapping
        ]
        if "timeout" in mapping:
            timeouts.append(_timeout(entry.below("timeout", mapping["timeout"])))
        if "budget" in mapping:
            budgets.append(_budget(entry.below("budget", mapping["budget"])))
    if len(timeouts) > 1:
        raise value.wrong("one with a single timeout")
    if len(budgets) > 1:
        raise value.wrong("one with a single budget")
    _check_together(value, checks)
    return Ready(tuple(checks), timeouts[0] if timeouts else None, budgets[0] if budgets else None)


def _budget(value: Value) -> Budget:
    if value.open:
        return Budget()
    try:
        return budget(value.found)
    except ValueError:
        raise value.wrong(WANTED) from None


def _timeout(value: Value) -> float:
    if value.open:
        return 0.0
    try:
        return seconds(value.found)
    except ValueError:
        raise value.wrong("a duration such as 90s") from None


def _check_together(value: Value, checks: Sequence[Check]) -> None:
    """A container that has ended answers nothing: only its log can still be read."""
    ends = [check for check in checks if isinstance(check, Exit)]
    others = [check for check in checks if not isinstance(check, Exit | Log)]
    if len(ends) > 1 or (ends and others):
        raise value.wrong("`exit` alone, or `exit` with `log`: what has ended answers nothing")


def ready_of(service: Service) -> Ready:
    """Return what a resolved service asks for.

    Raises:
        SettingError: It makes no sense, or it names a port that the service does not publish.
    """
    where = f"{service.place}: " if service.place else ""
    whose = f"of service {service.name!r}"
    ready = parse_ready(service.harness.get("ready", {}), where, whose, written=False)
    for check in ready.checks:
        _check_ports(service, check, f"{where}x-harness.ready.", whose)
        if isinstance(check, Health) and _switched_off(service):
            raise SettingError(
                f"{where}x-harness.ready.health {whose} wants its health check, which the "
                f"compose file switches off. Declare one, or choose another probe."
            )
    return ready


def _check_ports(service: Service, check: Check, where: str, whose: str) -> None:
    if not isinstance(check, Tcp | Http):
        return
    kind = type(check).__name__.lower()
    published = tcp_ports(service)
    wanted = check.ports if isinstance(check, Tcp) else (check.port,) if check.port else ()
    shown = ", ".join(map(str, service.ports)) or "no port at all"
    for port in wanted:
        if port not in published:
            raise SettingError(
                f"{where}{kind} {whose} wants port {port}/tcp, but the service publishes {shown}. "
                f'Add "{port}" to its `ports:`.'
            )
    if not published:
        raise SettingError(
            f"{where}{kind} {whose} wants a published TCP port, but the service publishes {shown}. "
            f'Add `ports: ["8080"]` (the port it listens on), or choose another probe.'
        )


def tcp_ports(service: Service) -> tuple[int, ...]:
    """Return the container's TCP ports that a service publishes, in the compose file's order."""
    return tuple(port.container_port for port in service.ports if port.protocol == "tcp")


def _switched_off(service: Service) -> bool:
    declared = service.config.get("healthcheck") or {}
    test = declared.get("test")
    return bool(declared.get("disable")) or test in ("NONE", ["NONE"])
