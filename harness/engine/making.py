"""Creating containers, networks and volumes over the Engine API."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from itertools import islice
from typing import TYPE_CHECKING, Any

from harness.engine.client import translated
from harness.engine.finding import Finding
from harness.engine.protocol import KINDS, Made
from harness.engine.replay import ContainerRequest

if TYPE_CHECKING:
    from docker import APIClient

_SEVERAL_ENDPOINTS = (1, 44)  # from this API on, a container is created in all of its networks


class Making(Finding):
    """The part of a Docker Engine that creates."""

    _client: APIClient

    def made(self, labels: Mapping[str, str]) -> Made:
        """Return all containers, networks and volumes with these labels."""
        things = self.things(labels)
        names = {kind: {t.name: t.id for t in things if t.kind == kind} for kind in KINDS}
        return Made(names["container"], frozenset(names["network"]), frozenset(names["volume"]))

    def inspect(self, container: str) -> Mapping[str, Any]:
        """Return the answer of ``GET /containers/{id}/json``."""
        with translated():
            found: Mapping[str, Any] = self._client.inspect_container(container)
        return found

    def make_network(self, request: Mapping[str, Any]) -> None:
        """Create a network.

        The engine makes two networks of one name if two ask for it at the same time. Names are
        unique by run and stack, and within a stack one thread creates: nobody else asks.
        """
        self._post("/networks/create", request)

    def make_volume(self, request: Mapping[str, Any]) -> None:
        """Create a volume."""
        self._post("/volumes/create", request)

    def make_container(self, request: ContainerRequest) -> str:
        """Create a container in its networks; return its id."""
        version = tuple(int(part) for part in str(self._client.api_version).split("."))
        at_once = len(request.endpoints) if version >= _SEVERAL_ENDPOINTS else 1
        endpoints = dict(islice(request.endpoints.items(), at_once))
        later = dict(islice(request.endpoints.items(), at_once, None))
        body = {**request.body, "NetworkingConfig": {"EndpointsConfig": endpoints}}
        with translated():
            client: Any = self._client
            created = client.create_container_from_config(body, request.name, request.platform)
        for network, endpoint in later.items():
            self._post(
                f"/networks/{network}/connect",
                {"Container": created["Id"], "EndpointConfig": endpoint},
            )
        identity: str = created["Id"]
        return identity

    def subnets(self) -> list[IPv4Network]:
        """Return the IPv4 subnets of all networks."""
        with translated():
            networks = self._client.networks()
        pools = [p for n in networks for p in (n.get("IPAM") or {}).get("Config") or ()]
        given = [str(pool.get("Subnet") or "") for pool in pools]
        return [IPv4Network(subnet, strict=False) for subnet in given if "." in subnet]

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        """Send what the SDK has no complete method for."""
        client: Any = self._client
        with translated():
            client._raise_for_status(client._post_json(client._url(path), data=body))
