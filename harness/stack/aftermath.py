"""What befell the containers of a test that neither it nor the harness did."""

from __future__ import annotations

from collections.abc import Iterable

from harness.container import Container
from harness.engine.protocol import Snapshot
from harness.errors import ContainerGoneError, EngineUnavailableError
from harness.model.project import Service
from harness.stack.outage import lost
from harness.stack.yard import Yard

_RAN = "while this test ran"


def lost_engine(yard: Yard, breaks: int, containers: Iterable[Container]) -> str:
    """Say that the engine went away with a test's containers, if it did, else ``""``.

    Args:
        yard: What stacks are made with.
        breaks: How often the engine had been lost when the test began.
        containers: The test's containers.
    """
    if yard.events.breaks == breaks:
        return ""
    ended = []
    for container in containers:
        try:
            snapshot = yard.engine.snapshot(container.id)
        except EngineUnavailableError as error:
            return lost(_RAN, str(error))
        except ContainerGoneError:
            continue
        if snapshot.finished and container.service not in yard.project.one_shots:
            ended.append(repr(container.service))
    return lost(_RAN, f"{', '.join(ended)} ended with it.") if ended else ""


def disturbances(yard: Yard, containers: Iterable[Container]) -> list[str]:
    """Say which containers somebody else has removed, or taken out of a network."""
    found = []
    for container in containers:
        whose = f"container {container.name} of service {container.service!r} ({container.place})"
        try:
            snapshot = yard.engine.snapshot(container.id)
        except ContainerGoneError:
            found.append(f"{whose} was removed {_RAN}, and not by the harness.")
        else:
            service = yard.project.services[container.service]
            if missing := _missing(service, snapshot):
                found.append(
                    f"{whose} is connected to {missing} of its {len(service.networks)} networks: "
                    f"somebody else disconnected it {_RAN}, or removed a network."
                )
    return found


def _missing(service: Service, snapshot: Snapshot) -> str:
    """Return how many of its networks a running container is in, if not in all."""
    there = len(snapshot.addresses)
    if snapshot.status != "running" or there >= len(service.networks):
        return ""
    return str(there) if there else "none"
