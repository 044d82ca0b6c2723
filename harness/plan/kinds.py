"""Which containers are made alike: those of one kind differ in names, ids and host ports alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.plan.elsewhere import is_fixed
from harness.plan.keys import AppliedBy, applied_by

_VOLUME_KEYS = frozenset({"driver", "driver_opts", "external", "labels", "name"})
_NETWORK_KEYS = _VOLUME_KEYS | {"attachable", "enable_ipv4", "enable_ipv6", "internal", "ipam"}
_POOL_KEYS = frozenset({"aux_addresses", "gateway", "ip_range", "subnet"})


def kind_of(
    name: str,
    document: Mapping[str, Any],
    labels: Mapping[str, str],
    image_id: str | None,
    outside: Mapping[str, Any],
) -> str | None:
    """Return a text that a service has in two stacks only if its containers are made alike.

    Args:
        name: The service.
        document: The compose document of its stack.
        labels: The stack's own labels, by which stacks of one kind differ.
        image_id: The id of its image.
        outside: What Compose reads elsewhere when it creates its containers.

    Returns:
        The text; None where a replay could come to something else than Compose does.
    """
    section = document["services"][name]
    if image_id is None or not _is_plain(section):
        return None
    used = {
        "networks": {*(section.get("networks") or ())},
        "volumes": {m.get("source") for m in section.get("volumes") or ()},
        **{
            key: {entry["source"] for entry in section.get(key) or ()}
            for key in ("configs", "secrets")
        },
    }
    definitions = {
        key: {n: entry or {} for n, entry in (document.get(key) or {}).items() if n in names}
        for key, names in used.items()
    }
    if not all(is_plain_network(entry) for entry in definitions["networks"].values()):
        return None
    if not all(is_plain_volume(entry) for entry in definitions["volumes"].values()):
        return None
    kind = {
        "service": name,
        "section": _without_own(section, labels),
        "image": image_id,
        "outside": outside,
        **{
            key: {n: _without_own(entry, labels) for n, entry in entries.items()}
            for key, entries in definitions.items()
        },
    }
    return json.dumps(kind, sort_keys=True)


def is_plain_network(entry: Mapping[str, Any]) -> bool:
    """Whether a network is made of what the harness can ask the engine for.

    One whose name is fixed may be there already, and be somebody else's: Compose looks.
    """
    pools = (entry.get("ipam") or {}).get("config") or ()
    return (
        _known(entry, _NETWORK_KEYS)
        and _has_own_name(entry)
        and _are_texts(entry.get("driver_opts"))
        and _known(entry.get("ipam") or {}, frozenset({"config", "driver"}))
        and all(_known(pool, _POOL_KEYS) for pool in pools)
    )


def is_plain_volume(entry: Mapping[str, Any]) -> bool:
    """Whether a volume is made of what the harness can ask the engine for."""
    return (
        _known(entry, _VOLUME_KEYS)
        and _has_own_name(entry)
        and _are_texts(entry.get("driver_opts"))
    )


def _is_plain(section: Mapping[str, Any]) -> bool:
    """Whether all that Compose does for a service can be told from the containers it made."""
    if any(applied_by(key) is AppliedBy.COMPOSE for key in section) or "image" not in section:
        return False
    # a container of somebody else's may be another one next time, under the same name
    others = [section.get(key) for key in ("network_mode", "ipc", "pid")]
    others += section.get("volumes_from") or ()
    if section.get("external_links") or any(str(o).startswith("container:") for o in others):
        return False
    # links outside of a user-defined network, and what goes into the endpoint of no network
    return not (section.get("network_mode") and (section.get("links") or "mac_address" in section))


def _without_own(entry: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """Take out what differs from stack to stack and is put in anew.

    That is labels, host ports, subnets, and the addresses of hosts: a network's gateway may be.
    """
    kept = {key: value for key, value in entry.items() if key not in ("ipam", "extra_hosts")}
    kept["labels"] = {k: v for k, v in (entry.get("labels") or {}).items() if labels.get(k) != v}
    if "ports" in entry:
        kept["ports"] = [
            {key: value for key, value in port.items() if key != "published"}
            for port in entry["ports"]
        ]
    return kept


def _known(entry: Mapping[str, Any], keys: Iterable[str]) -> bool:
    return all(key in keys or key.startswith("x-") for key in entry)


def _has_own_name(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("external")) or not (entry.get("name") or is_fixed(entry))


def _are_texts(options: Mapping[str, Any] | None) -> bool:
    return all(isinstance(value, str) for value in (options or {}).values())


def files_read(section: Mapping[str, Any]) -> Sequence[str]:
    """Return the paths of the files that Compose reads when it creates a service's containers."""
    found: list[str] = []
    for key in ("env_file", "label_file"):
        given = section.get(key) or ()
        for entry in [given] if isinstance(given, str) else given:
            found.append(str(entry["path"] if isinstance(entry, Mapping) else entry))
    return found
