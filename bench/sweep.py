"""What the benchmark made, by its label: is it gone, and away with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from docker import APIClient  # noqa: TC002 (its module is imported below anyway)
from docker.errors import APIError, NotFound

LABEL = "pytest-compose-harness-bench"
_PAUSE, _PATIENCE = 0.005, 60.0  # seconds


def filters(run: str) -> dict[str, list[str]]:
    """Return the engine's filter for all that one run of the benchmark made."""
    return {"label": [f"{LABEL}={run}"]}


def nothing_left(client: APIClient, run: str) -> bool:
    """Whether no container, network or volume of a run is left."""
    chosen = filters(run)
    return not (
        client.containers(all=True, filters=chosen)
        or client.networks(filters=chosen)
        or client.volumes(filters=chosen)["Volumes"]
    )


def wait_until_gone(client: APIClient, run: str) -> float:
    """Wait until nothing of a run is left; return that moment of ``perf_counter``.

    Raises:
        RuntimeError: Something stayed for a minute.
    """
    deadline = time.perf_counter() + _PATIENCE
    while not nothing_left(client, run):
        if time.perf_counter() > deadline:
            raise RuntimeError(f"something was not removed within {_PATIENCE:g} s")
        time.sleep(_PAUSE)
    return time.perf_counter()


def sweep(client: APIClient, run: str) -> None:
    """Remove whatever a run left, after a contestant failed or was interrupted."""
    chosen = filters(run)
    for container in client.containers(all=True, filters=chosen):
        _tried(partial(client.remove_container, container["Id"], v=True, force=True))
    for network in client.networks(filters=chosen):
        _tried(partial(client.remove_network, network["Id"]))
    for volume in client.volumes(filters=chosen)["Volumes"] or ():
        _tried(partial(client.remove_volume, volume["Name"], force=True))


def _tried(call: Callable[[], object]) -> None:
    try:
        call()
    except (NotFound, APIError):
        return
