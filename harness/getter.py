"""What tests ask for containers: the getter, and the project behind it.

The names are those of pytest-docker-compose, from which many users come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING, TypeVar, overload

from harness.container import Container
from harness.errors import DockerConfigurationError
from harness.lease.labels import PREFIX
from harness.service import Service, service_of

if TYPE_CHECKING:
    from harness.stack.lease import Lease

T = TypeVar("T", bound=Service)


class ImageType(Enum):
    """Which images ``DockerProject.down`` removes."""

    none = 0
    local = 1
    all = 2


class DockerProject:
    """The compose project, for a whole session.

    Inside a test it acts on that test's stack; outside of any, and while a fixture of a wider
    scope is set up, on a stack of its own that lives until the session ends. The one of a
    class-, module- or session-scoped container getter acts on that getter's stack.
    """

    def __init__(
        self,
        lease: Callable[[], Lease],
        remove_image: Callable[[str], None],
        services_of: Callable[[Iterable[str]], Iterable[str]],
    ) -> None:
        """Take what finds the lease in force, removes an image, and reads names of markers."""
        self._lease = lease
        self._remove_image = remove_image
        self._services_of = services_of

    def up(self, services: Iterable[str]) -> list[Container]:
        """Bring up services and all that they depend on, and wait until they are ready.

        Args:
            services: Names of services, or of markers: a marker stands for its service, and one
                that is no service's is passed over, so that ``[marker.name for marker in
                request.node.own_markers]`` can be given as it is.

        Returns:
            The containers of the stack, dependencies first.

        Raises:
            HarnessError: A name is no service, or a start failed.
        """
        lease = self._lease()
        lease.up(self._services_of([services] if isinstance(services, str) else services))
        return lease.all_containers()

    def containers(self) -> list[Container]:
        """Return the containers that are up, dependencies first."""
        return self._lease().all_containers()

    def get(self, service: str) -> list[Container]:
        """Return the containers of one service; one that is not up is started and joins."""
        return self._lease().containers(service)

    def down(self, image_type: ImageType = ImageType.none, include_volumes: bool = False) -> None:
        """Remove the stack's containers and networks.

        Args:
            image_type: ``local`` also removes the images that were built here, ``all`` every
                image of the stack; an image that something uses stays.
            include_volumes: Remove the volumes now. Without it they are there for the next
                ``up``, and go when the test ends.
        """
        lease = self._lease()
        images = {c.image for c in lease.all_containers()} if image_type.value else set()
        lease.down(include_volumes)
        for image in sorted(images):
            if image_type is ImageType.all or image.startswith(f"{PREFIX}/"):
                self._remove_image(image)


class ContainerGetter:
    """Gives a test the containers of its services."""

    def __init__(self, docker_project: DockerProject) -> None:
        """Take the project to ask."""
        self.docker_project = docker_project

    @overload
    def get(self, key: str) -> Container: ...

    @overload
    def get(self, key: type[T]) -> T: ...

    def get(self, key: str | type[T]) -> Container | T:
        """Return the (first) container of a service, or its typed object.

        A service that is not up yet is started with all that it depends on, and joins the test's
        stack.

        Args:
            key: A service's name, or a ``Service`` class.

        Raises:
            UnknownServiceError: No compose file defines it; the nearest name is offered.
            HarnessError: It had to be started, and that failed.
        """
        __tracebackhide__ = True
        if isinstance(key, str):
            return self._first(key)
        return key.of(self._first(service_of(key)))

    def _first(self, name: str) -> Container:
        containers = self.docker_project.get(name)
        if not containers:
            raise DockerConfigurationError(
                f"wanted a container of service {name!r}, which its compose file scales to none"
            )
        return containers[0]

    def get_all(self, name: str) -> list[Container]:
        """Return every replica of a service, by number.

        Raises:
            UnknownServiceError: No compose file defines it.
        """
        __tracebackhide__ = True
        return [*self.docker_project.get(name)]
