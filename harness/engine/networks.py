"""The networks of a Docker Engine: what is in them, and their removal."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from harness.engine.client import translated
from harness.engine.finding import label_filter
from harness.errors import EngineRefusedError
from harness.lease.labels import RUN

if TYPE_CHECKING:
    from docker import APIClient

NETWORK_LABEL = "com.docker.compose.network"
# seconds for containers that are being removed to leave their network
_DEADLINE, _PAUSE = 20.0, 0.05


class Networks:
    """The part of a Docker Engine that knows networks."""

    _client: APIClient

    def _networks(self, labels: Mapping[str, str]) -> list[str]:
        with translated():
            return [n["Id"] for n in self._client.networks(filters=label_filter(labels))]

    def networks(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        """Return the ids of all networks with these labels, by their names in compose files."""
        with translated():
            found = self._client.networks(filters=label_filter(labels))
        return {n["Labels"][NETWORK_LABEL]: n["Id"] for n in found if NETWORK_LABEL in n["Labels"]}

    def gateways(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        """Return the address of the engine's machine in each network with these labels."""
        with translated():
            found = self._client.networks(filters=label_filter(labels))
        return {
            n["Labels"][NETWORK_LABEL]: gateway
            for n in found
            if NETWORK_LABEL in n["Labels"] and (gateway := gateway_of(n))
        }

    def connect(self, network: str, container: str, aliases: Sequence[str]) -> None:
        """Connect a container to a network, under names."""
        try:
            with translated():
                self._client.connect_container_to_network(container, network, aliases=[*aliases])
        except EngineRefusedError as error:
            if "already exists in network" not in str(error):
                raise

    def _remove_network(self, network: str) -> None:
        """Remove a network; containers of longer-lived stacks are disconnected from it.

        What somebody else connected keeps it, and is told. One of ours that is being removed
        itself cannot be disconnected: the network waits for that.
        """
        from docker.errors import APIError

        deadline = time.monotonic() + _DEADLINE
        while True:
            others = self._disconnect_ours(network)
            try:
                return self._client.remove_network(network)
            except APIError as error:
                busy = "active endpoints" in str(error.explanation)
                if busy and others:
                    raise EngineRefusedError(_kept_by(others, str(error.explanation))) from None
                if not busy or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)

    def _disconnect_ours(self, network: str) -> list[str]:
        """Disconnect what is ours from a network; return the names of what else is in it."""
        from docker.errors import APIError, NotFound

        others = []
        connected = self._client.inspect_network(network).get("Containers") or {}
        for container, endpoint in connected.items():
            with suppress(NotFound):
                labels = self._client.inspect_container(container)["Config"].get("Labels") or {}
                if RUN not in labels:
                    others.append(str(endpoint.get("Name") or container))
                    continue
                with suppress(APIError):
                    self._client.disconnect_container_from_network(container, network, force=True)
        return others


def _kept_by(others: Sequence[str], refusal: str) -> str:
    names = " ".join(sorted(others))
    return (
        f"a network stays, as somebody else has connected containers to it: {names}. Remove or "
        f"disconnect them, then run `harness prune`. The engine said: {refusal}"
    )


def gateway_of(network: Mapping[str, Any]) -> str:
    """Return the IPv4 gateway of a network, as the engine describes it.

    Of a network with a subnet that was asked for it names none until a container joins: then it
    is the first address (libnetwork's default driver for addresses; Engine 20.10).
    """
    for pool in (network.get("IPAM") or {}).get("Config") or ():
        if "." in (named := str(pool.get("Gateway") or "")):
            return named.partition("/")[0]
        if "." in (subnet := str(pool.get("Subnet") or "")):
            return str(IPv4Network(subnet, strict=False)[1])
    return ""
