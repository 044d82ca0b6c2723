"""The limit: a stack by hand over the bare Engine API, as a careful person would write it."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from docker import APIClient

from bench.project import CHECK, CHECK_RETRIES, CHECK_TIMEOUT, IMAGE, PORT, SERVER, Chain
from bench.sample import Sample
from bench.sweep import LABEL

_SECOND = 1_000_000_000  # the API's durations are nanoseconds
_PAUSE = 0.01


def start_and_remove(run: str, chains: Sequence[Chain]) -> Sample:
    """Start chains of services, the chains in parallel and each in order; then remove them all.

    Each service is waited for before what depends on it starts: its published port holds a
    connection, and its own check has passed inside of it.
    """
    began = time.perf_counter()
    client = APIClient(version="auto")
    labels = {LABEL: run}
    name = f"bench-{uuid.uuid4().hex[:8]}"
    network = client.create_network(name, labels=labels)["Id"]
    with ThreadPoolExecutor(max(2, len(chains))) as pool:
        started = pool.map(lambda chain: _start_chain(name, labels, chain), chains)
        containers = [container for chain in started for container in chain]
        ready = time.perf_counter()
        list(pool.map(_remove, containers))
    client.remove_network(network)
    client.close()
    return Sample(ready - began, time.perf_counter() - ready)


def _start_chain(network: str, labels: dict[str, str], chain: Chain) -> list[str]:
    client = APIClient(version="auto")
    try:
        return [
            _start(client, network, labels, service, chain.interval) for service in chain.services
        ]
    finally:
        client.close()


def _start(
    client: APIClient, network: str, labels: dict[str, str], service: str, interval: int
) -> str:
    host = client.create_host_config(port_bindings={PORT: ("127.0.0.1", None)})
    joined = client.create_networking_config(
        {network: client.create_endpoint_config(aliases=[service])}  # type: ignore[arg-type]
    )
    container: str = client.create_container(
        IMAGE,
        ["perl", "-e", SERVER],
        ports=[PORT],
        labels=labels,
        host_config=host,
        networking_config=joined,
        healthcheck={
            "test": ["CMD", *CHECK],
            "interval": interval * _SECOND,
            "timeout": CHECK_TIMEOUT * _SECOND,
            "retries": CHECK_RETRIES,
        },
    )["Id"]
    client.start(container)
    bound = client.inspect_container(container)["NetworkSettings"]["Ports"][f"{PORT}/tcp"]
    while not _holds(int(bound[0]["HostPort"])):
        time.sleep(_PAUSE)
    while not _passes(client, container):
        time.sleep(_PAUSE)
    return container


def _holds(port: int) -> bool:
    """Whether a port keeps a connection: Docker's proxy closes one to a dead service at once."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.settimeout(0.01)
            return connection.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def _passes(client: APIClient, container: str) -> bool:
    created = client.exec_create(container, list(CHECK))
    client.exec_start(created["Id"])
    return bool(client.exec_inspect(created["Id"])["ExitCode"] == 0)


def _remove(container: str) -> None:
    client = APIClient(version="auto")
    try:
        client.remove_container(container, force=True, v=True)
    finally:
        client.close()
