"""What a test needs: the services it names, their environment and how far they are its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from harness.errors import SettingError
from harness.model.isolation import CHOICES, Isolation
from harness.model.quoted import quoted

SERVICES_MARKER = "services"


class Mark(Protocol):
    """The part of ``pytest.Mark`` that is read here."""

    @property
    def name(self) -> str:
        """The marker's name."""

    @property
    def args(self) -> tuple[Any, ...]:
        """Its positional arguments."""

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """Its keyword arguments."""


Environment = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class Need:
    """The services a test names, with its environment overrides.

    ``environment`` holds a pair of service and variables for each service overridden, sorted, so
    that equal needs are equal and hash alike. ``isolation`` is what the closest mark says that
    says anything, ``isolations`` what marks say of the services that they name. What
    those in ``may_die`` do unasked fails no test.
    """

    services: frozenset[str] = frozenset()
    environment: Environment = ()
    isolation: Isolation | None = None
    isolations: tuple[tuple[str, Isolation], ...] = ()
    may_die: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether the test names any service at all."""
        return bool(self.services)

    def joined(self, services: Iterable[str]) -> Need:
        """Return this need with more services."""
        return replace(self, services=self.services | set(services))


def need_from_marks(marks: Iterable[Mark], markers: Mapping[str, str]) -> Need:
    """Read a need from a test's marks, the closest mark first.

    Args:
        marks: The marks of a test, as ``item.iter_markers()`` yields them.
        markers: The service that each service marker stands for.

    Raises:
        SettingError: A mark has arguments that make no sense.
    """
    services: set[str] = set()
    environment: dict[str, dict[str, str]] = {}
    isolation: Isolation | None = None
    isolations: dict[str, Isolation] = {}
    may_die: dict[str, bool] = {}
    for mark in marks:
        if mark.name == SERVICES_MARKER:
            named = _named(mark)
        elif mark.name in markers:
            named = (markers[mark.name],)
            if mark.args:
                raise SettingError(
                    f"@pytest.mark.{mark.name} takes no positional argument, found "
                    f"{quoted(mark.args[0])}; for several services write "
                    f'@pytest.mark.{SERVICES_MARKER}("{named[0]}", …)'
                )
        else:
            continue
        services.update(named)
        env, chosen, dies = _arguments(mark)
        isolation = isolation or chosen
        for service in named:
            if chosen:
                isolations.setdefault(service, chosen)
            if dies is not None:
                may_die.setdefault(service, dies)
            own = environment.setdefault(service, {})
            for variable, value in env.items():
                own.setdefault(variable, value)  # the closest mark has spoken already
    return Need(
        frozenset(services),
        tuple(
            (service, tuple(sorted(variables.items())))
            for service, variables in sorted(environment.items())
            if variables
        ),
        isolation,
        tuple(sorted(isolations.items())),
        frozenset(service for service, dies in may_die.items() if dies),
    )


def _named(mark: Mark) -> tuple[str, ...]:
    for name in mark.args:
        if not isinstance(name, str):
            raise SettingError(
                f"@pytest.mark.{SERVICES_MARKER} takes names of services, found {quoted(name)}"
            )
    if not mark.args:
        raise SettingError(
            f"@pytest.mark.{SERVICES_MARKER} names no service; "
            f'write @pytest.mark.{SERVICES_MARKER}("name", …)'
        )
    return mark.args


def _arguments(mark: Mark) -> tuple[Mapping[str, str], Isolation | None, bool | None]:
    """Return a mark's ``env``, ``isolation`` and ``may_die``."""
    for key in mark.kwargs:
        if key not in ("env", "isolation", "may_die"):
            raise SettingError(
                f"@pytest.mark.{mark.name}: unknown argument {quoted(key)}; it takes env={{…}}, "
                f"isolation=… and may_die=True"
            )
    isolation = mark.kwargs.get("isolation")
    if isolation is not None and not (
        isinstance(isolation, str) and str.__str__(isolation) in [*Isolation]
    ):
        raise SettingError(
            f"@pytest.mark.{mark.name}: isolation must be {CHOICES}, found {quoted(isolation)}"
        )
    may_die = mark.kwargs.get("may_die")
    if may_die is not None and not isinstance(may_die, bool):
        raise SettingError(
            f"@pytest.mark.{mark.name}: may_die must be True or False, found {quoted(may_die)}"
        )
    return _env(mark), None if isolation is None else Isolation(isolation), may_die


def _env(mark: Mark) -> Mapping[str, str]:
    given = mark.kwargs.get("env")
    if given is None:
        return {}
    called = f"@pytest.mark.{mark.name}"
    if not isinstance(given, Mapping):
        raise SettingError(
            f"{called}: env must be a mapping of variables to values, found {quoted(given)}"
        )
    try:
        env = dict(given)
    except Exception as error:
        raise SettingError(f"{called}: env cannot be read: {quoted(error)}") from None
    return {_name(called, name): _value(called, name, value) for name, value in env.items()}


def _name(called: str, name: object) -> str:
    text = str.__str__(name) if isinstance(name, str) else ""
    if not text or "=" in text or not _can_be_passed(text):
        raise SettingError(f"{called}: {quoted(name)} is no variable's name")
    return text


def _value(called: str, name: str, value: object) -> str:
    text = None
    if isinstance(value, str):
        text = str.__str__(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(Exception):  # Python shows no whole number of thousands of digits
            text = str(value)
    if text is not None and _can_be_passed(text):
        return text
    from harness.masking import looks_secret

    wanted = "text or a number" if text is None else "UTF-8 text without NUL characters"
    found = f"a {type(value).__name__}" if looks_secret(name) else quoted(value)
    raise SettingError(f"{called}: env[{quoted(name)}] must be {wanted}, found {found}")


def _can_be_passed(text: str) -> bool:
    """Whether a process can have this in its environment."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False
