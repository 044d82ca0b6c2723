"""The typed object in a test's hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeVar, cast

from harness.container import Container, NetworkInfo
from harness.errors import DockerConfigurationError

if TYPE_CHECKING:
    import pytest


class _Published:
    """A field that only a service with a published port has; reading it elsewhere raises."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Service | None, owner: type) -> Any:
        if instance is None:
            return self
        value = instance.__dict__.get(self._name)
        if value is None:
            if instance.container:
                raise instance.container.unpublished(f"the {self._name}")
            raise DockerConfigurationError(
                f"wanted the {self._name} of service {instance.name!r}, which publishes no port"
            )
        return value

    def __set__(self, instance: Service, value: object) -> None:
        instance.__dict__[self._name] = None if value is self else value


@dataclass
class Service:
    """A running service: where it listens, and its container.

    Derive a class for each service of yours and add what your tests want of it::

        class Catalog(harness.Service, container_name="catalog"):
            @property
            def url(self) -> str:
                return f"http://{self.host}:{self.port}"

    Attributes:
        name: The service's name in the compose file.
        host: The host of its first published port. Reading it raises
            ``DockerConfigurationError`` where the service publishes none.
        port: The first published port, on that host; raises likewise.
        network_info: Every published port, in the compose file's order.
        container: The service's (first) container.
    """

    container_name: ClassVar[str] = ""

    name: str = ""
    host: str = field(default=cast(str, _Published()), compare=False, repr=False)
    port: int = field(default=cast(int, _Published()), compare=False, repr=False)
    network_info: list[NetworkInfo] = field(default_factory=list)
    container: Container = field(default=cast(Container, None), compare=False, repr=False)

    def __init_subclass__(cls, container_name: str = "", **kwargs: Any) -> None:
        """Name the service that a class stands for."""
        super().__init_subclass__(**kwargs)
        if container_name:
            cls.container_name = container_name

    @classmethod
    def of(cls, container: Container) -> Self:
        """Return the typed object for a container."""
        infos = container.network_info
        where: dict[str, Any] = {}
        if infos:
            where = {"host": infos[0].hostname, "port": infos[0].host_port}
        return cls(name=container.service, network_info=infos, container=container, **where)


T = TypeVar("T", bound=Service)
FixtureScope = Literal["function", "class", "module", "package", "session"]

NEED_ATTRIBUTE = "__harness_service__"


def service_of(cls: type[Service]) -> str:
    """Return the name of the service that a class stands for.

    Raises:
        TypeError: The class names none.
    """
    if not cls.container_name:
        raise TypeError(
            f"{cls.__name__} names no service; write "
            f'class {cls.__name__}(harness.Service, container_name="…")'
        )
    return cls.container_name


def service_fixture(
    cls: type[T], *, name: str | None = None, scope: FixtureScope = "function"
) -> Callable[..., T]:
    """Make a fixture that gives the typed object of a service, running and ready.

    A test that uses the fixture needs the service; no marker is wanted. The service lives at
    least as long as the widest fixture that uses it: a fixture of a wider scope may ask for one
    of function scope, which then has the wider scope too.

    Args:
        cls: A ``Service`` class with a ``container_name``.
        name: The fixture's name, where it is not the variable that it is assigned to.
        scope: ``"function"``, ``"class"``, ``"module"``, ``"package"`` or ``"session"``.

    Raises:
        TypeError: The class names no service.
    """
    return _fixture(cls, service_of(cls), name, scope)


def plain_fixture(service: str, name: str) -> Callable[..., Service]:
    """Make the fixture of a service for which nobody wrote a class."""
    return _fixture(Service, service, name, "function")


def _fixture(cls: type[T], service: str, name: str | None, scope: FixtureScope) -> Callable[..., T]:
    import pytest

    def fixture(request: pytest.FixtureRequest) -> T:
        from harness.plugin import session_of

        if request.scope == "function":
            return cls.of(request.getfixturevalue("harness_services").get(service))
        return cls.of(session_of(request).hold(request, service))

    fixture.__doc__ = f"The service {service!r}, running and ready: a {cls.__name__}."
    fixture.__name__ = fixture.__qualname__ = name or service
    setattr(fixture, NEED_ATTRIBUTE, service)
    made: Callable[..., T] = pytest.fixture(name=name, scope=scope)(fixture)
    return made
