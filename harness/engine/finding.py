"""Finding what the harness has made, by its labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.engine.client import translated
from harness.engine.protocol import Thing

if TYPE_CHECKING:
    from docker import APIClient


class Finding:
    """The part of a Docker Engine that finds what has certain labels."""

    _client: APIClient

    def things(self, labels: Mapping[str, str]) -> list[Thing]:
        """Return all containers, networks and volumes with these labels.

        Args:
            labels: The labels; one without a value stands for every value.
        """
        wanted = label_filter(labels)
        with translated():
            containers = self._client.containers(all=True, filters=wanted)
            networks = self._client.networks(filters=wanted)
            volumes = self._client.volumes(filters=wanted)["Volumes"] or []
        return [
            *(_container(entry) for entry in containers),
            *(Thing("network", n["Id"], n["Name"], n["Labels"] or {}) for n in networks),
            *(Thing("volume", v["Name"], v["Name"], v["Labels"] or {}) for v in volumes),
        ]


def _container(entry: Mapping[str, Any]) -> Thing:
    names, labels = entry["Names"] or (), entry["Labels"] or {}
    # others are those under which containers know it that are linked to it
    own = (name.lstrip("/") for name in names if name.count("/") == 1)
    return Thing("container", entry["Id"], next(own, entry["Id"][:12]), labels)


def label_filter(labels: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the engine's filter; a label without a value stands for every value."""
    return {"label": [f"{key}={value}" if value else key for key, value in labels.items()]}
