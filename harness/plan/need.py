"""What a test needs: the services it names, and the environment it gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from harness.errors import SettingError

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
    that equal needs are equal and hash alike.
    """

    services: frozenset[str] = frozenset()
    environment: Environment = ()

    def __bool__(self) -> bool:
        """Whether the test names any service at all."""
        return bool(self.services)

    def joined(self, services: Iterable[str]) -> Need:
        """Return this need with more services."""
        return Need(self.services | set(services), self.environment)


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
    for mark in marks:
        if mark.name == SERVICES_MARKER:
            named = _named(mark)
        elif mark.name in markers:
            named = (markers[mark.name],)
            if mark.args:
                raise SettingError(
                    f"@pytest.mark.{mark.name} takes no positional argument, found "
                    f"{mark.args[0]!r}; for several services write "
                    f'@pytest.mark.{SERVICES_MARKER}("{named[0]}", …)'
                )
        else:
            continue
        services.update(named)
        for service in named:
            own = environment.setdefault(service, {})
            for variable, value in _env(mark).items():
                own.setdefault(variable, value)  # the closest mark has spoken already
    return Need(
        frozenset(services),
        tuple(
            (service, tuple(sorted(variables.items())))
            for service, variables in sorted(environment.items())
            if variables
        ),
    )


def _named(mark: Mark) -> tuple[str, ...]:
    for name in mark.args:
        if not isinstance(name, str):
            raise SettingError(
                f"@pytest.mark.{SERVICES_MARKER} takes names of services, found {name!r}"
            )
    if not mark.args:
        raise SettingError(
            f"@pytest.mark.{SERVICES_MARKER} names no service; "
            f'write @pytest.mark.{SERVICES_MARKER}("name", …)'
        )
    return mark.args


def _env(mark: Mark) -> Mapping[str, str]:
    for key in mark.kwargs:
        if key != "env":
            raise SettingError(
                f"@pytest.mark.{mark.name}: unknown argument {key!r}; it takes env={{…}}"
            )
    env = mark.kwargs.get("env") or {}
    if not isinstance(env, Mapping):
        raise SettingError(
            f"@pytest.mark.{mark.name}: env must be a mapping of variables to values, found {env!r}"
        )
    for variable, value in env.items():
        if not isinstance(variable, str) or "=" in variable or not variable:
            raise SettingError(f"@pytest.mark.{mark.name}: {variable!r} is no variable's name")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise SettingError(
                f"@pytest.mark.{mark.name}: env[{variable!r}] must be text or a number, "
                f"found {value!r}"
            )
    return {variable: str(value) for variable, value in env.items()}
