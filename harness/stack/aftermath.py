"""What befell the containers of a test that neither it nor the harness did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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


def disturbances(yard: Yard, breaks: int, containers: Sequence[Container]) -> list[str]:
    """Say what may have made a test fail: a lost engine, or what somebody else did.

    Args:
        yard: What stacks are made with.
        breaks: How often the engine had been lost when the test began.
        containers: The test's containers.
    """
    if not yard.outage.answers():
        return [lost(_RAN, "it does not answer now.")]
    if told := lost_engine(yard, breaks, containers):
        return [told]
    if yard.events.breaks != breaks:
        return [lost(_RAN, "its services may have been started again.")]
    return [told for container in containers if (told := _befell(yard, container))]


def _befell(yard: Yard, container: Container) -> str:
    """Say whether somebody else has removed a container, or taken it out of a network."""
    whose = f"container {container.name} of service {container.service!r} ({container.place})"
    try:
        snapshot = yard.engine.snapshot(container.id)
    except ContainerGoneError:
        return f"{whose} was removed {_RAN}, and not by the harness."
    service = yard.project.services[container.service]
    missing = _missing(service, snapshot)
    return missing and (
        f"{whose} is connected to {missing} of its {len(service.networks)} networks: somebody "
        f"else disconnected it {_RAN}, or removed a network."
    )


def _missing(service: Service, snapshot: Snapshot) -> str:
    """Return how many of its networks a running container is in, if not in all."""
    there = len(snapshot.addresses)
    if snapshot.direct:  # no container
        return ""
    if snapshot.status != "running" or there >= len(service.networks):
        return ""
    return str(there) if there else "none"
