"""What a test needs: the services it names, their environment and how far they are its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from harness.errors import SettingError
from harness.model.isolation import CHOICES, Isolation

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
    says anything, ``isolations`` what marks say of the services that they name.
    """

    services: frozenset[str] = frozenset()
    environment: Environment = ()
    isolation: Isolation | None = None
    isolations: tuple[tuple[str, Isolation], ...] = ()

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
        env, chosen = _arguments(mark)
        isolation = isolation or chosen
        for service in named:
            if chosen:
                isolations.setdefault(service, chosen)
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


def _arguments(mark: Mark) -> tuple[Mapping[str, str], Isolation | None]:
    """Return a mark's ``env`` and ``isolation``."""
    for key in mark.kwargs:
        if key not in ("env", "isolation"):
            raise SettingError(
                f"@pytest.mark.{mark.name}: unknown argument {key!r}; it takes env={{…}} and "
                f"isolation=…"
            )
    isolation = mark.kwargs.get("isolation")
    if isolation is not None and isolation not in [*Isolation]:
        raise SettingError(
            f"@pytest.mark.{mark.name}: isolation must be {CHOICES}, found {isolation!r}"
        )
    return _env(mark), None if isolation is None else Isolation(isolation)


def _env(mark: Mark) -> Mapping[str, str]:
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
