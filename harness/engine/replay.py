"""What Compose created, as requests to the Engine API that create the same for another stack.

Pure: from the engine's answers to its requests. A container is recorded as JSON text in which
the project's name and the ids of its containers are tokens; both are random and unique, so they
can be told from all else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.model.project import unescaped

PROJECT_LABEL = "com.docker.compose.project"
_FILE_LABEL = "com.docker.compose.project.config_files"
_OPEN, _CLOSE = "\ue000", "\ue001"  # private use: no compose file has them, or it is not recorded
_PROJECT = f"{_OPEN}{_CLOSE}"
_CONTAINER = re.compile(f"{_OPEN}([^{_CLOSE}]+){_CLOSE}")
_ENDPOINT = (
    "Aliases",
    "DriverOpts",
    "GwPriority",
    "IPAMConfig",
    "IPAddress",
    "Links",
    "MacAddress",
)


@dataclass(frozen=True, slots=True)
class ContainerRequest:
    """A container to be created.

    Attributes:
        name: Its name.
        body: The body of ``POST /containers/create``, without networks.
        endpoints: Its place in each network, by the network's name; the first is its main one.
        platform: The platform that its image must be of.
    """

    name: str
    body: Mapping[str, Any]
    endpoints: Mapping[str, Mapping[str, Any]]
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """A container that Compose created, with tokens for what differs from stack to stack.

    Attributes:
        name: The name of the container.
        text: The request that creates it.
        needs: The names of the containers whose ids are in the request.
    """

    name: str
    text: str
    needs: frozenset[str]

    def name_in(self, project: str) -> str:
        """Return the container's name in another project."""
        return self.name.replace(_PROJECT, project)

    def needs_in(self, project: str) -> set[str]:
        """Return the names, in another project, of the containers that must be there before."""
        return {name.replace(_PROJECT, project) for name in self.needs}


def record(
    inspected: Mapping[str, Any],
    section: Mapping[str, Any],
    kind: str,
    project: str,
    labels: Mapping[str, str],
    names: Mapping[str, str],
) -> Recording | None:
    """Record a container that was created, and never started, for a service.

    Args:
        inspected: The engine's answer to ``GET /containers/{id}/json``.
        section: The service's section of the compose document.
        kind: All that the container was made from, as text.
        project: The name of the project.
        labels: The labels of the stack, which are no part of the recording.
        names: The names of the project's containers by their ids.

    Returns:
        The recording; None where it would not be faithful.
    """
    host = inspected["HostConfig"]
    if not _same_bindings(host.get("PortBindings") or {}, port_bindings(section)):
        return None
    if sorted(host.get("ExtraHosts") or ()) != sorted(extra_hosts(section)):
        return None
    if host.get("Links"):  # links outside of user-defined networks: the engine spells them anew
        return None
    request = {
        "name": inspected["Name"].lstrip("/"),
        "body": {**_config(inspected, section, labels), "HostConfig": _host_config(host, section)},
        "endpoints": _endpoints(inspected, section, project),
    }
    text = json.dumps(request, ensure_ascii=False)
    # what a user wrote must not be taken for a name that was found at creation
    if _OPEN in text or any(name in kind for name in (project, *names)):
        return None
    tokens = {identity: _token(name, project) for identity, name in names.items()}
    needs = {names[identity] for identity in tokens if identity in text}
    for identity, token in tokens.items():
        text = text.replace(identity, f"{_OPEN}{token}{_CLOSE}")
    text = _name_pattern(project).sub(_PROJECT, text)
    return Recording(
        _token(request["name"], project),
        text,
        frozenset(_token(name, project) for name in needs),
    )


def container_request(
    recording: Recording,
    section: Mapping[str, Any],
    project: str,
    labels: Mapping[str, str],
    file: str,
    ids: Mapping[str, str],
) -> ContainerRequest:
    """Return the request that creates a recorded container for another stack.

    Args:
        recording: The container.
        section: The service's section of the new stack's document.
        project: The name of the new project.
        labels: The labels of the new stack.
        file: Where its document stands.
        ids: The ids of the project's containers by their names.
    """
    text = recording.text.replace(_PROJECT, project)
    text = _CONTAINER.sub(lambda match: ids[match[1]], text)
    request = json.loads(text)
    body = request["body"]
    body["Labels"] = {**body["Labels"], **labels}
    if _FILE_LABEL in body["Labels"]:
        body["Labels"][_FILE_LABEL] = file
    body["HostConfig"]["PortBindings"] = port_bindings(section)
    body["HostConfig"]["ExtraHosts"] = extra_hosts(section)
    return ContainerRequest(
        request["name"], body, dict(request["endpoints"]), section.get("platform")
    )


def network_request(
    project: str, key: str, entry: Mapping[str, Any], version: str
) -> dict[str, Any]:
    """Return the body of ``POST /networks/create`` for a network of a compose document.

    It has no ``config-hash``: Compose removes and makes anew a network of another hash than its
    own, and leaves one that has none as it is (measured, Compose 5.6).
    """
    ipam = entry.get("ipam") or {}
    pools = [
        {
            "Subnet": pool.get("subnet") or "",
            "IPRange": pool.get("ip_range") or "",
            "Gateway": pool.get("gateway") or "",
            "AuxiliaryAddresses": pool.get("aux_addresses") or {},
        }
        for pool in ipam.get("config") or ()
    ]
    request: dict[str, Any] = {
        "Name": f"{project}_{key}",
        "Driver": entry.get("driver") or "",
        "Options": _texts(entry.get("driver_opts")),
        "Internal": bool(entry.get("internal")),
        "Attachable": bool(entry.get("attachable")),
        "Labels": _labels(project, "network", key, entry, version),
    }
    if ipam:
        request["IPAM"] = {"Driver": ipam.get("driver") or "", "Config": pools}
    for setting, name in (("enable_ipv6", "EnableIPv6"), ("enable_ipv4", "EnableIPv4")):
        if entry.get(setting) is not None:
            request[name] = bool(entry[setting])
    return request


def volume_request(
    project: str, key: str, entry: Mapping[str, Any], version: str
) -> dict[str, Any]:
    """Return the body of ``POST /volumes/create`` for a volume of a compose document."""
    return {
        "Name": f"{project}_{key}",
        "Driver": entry.get("driver") or "",
        "DriverOpts": _texts(entry.get("driver_opts")) or None,
        "Labels": _labels(project, "volume", key, entry, version),
    }


def port_bindings(section: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Return ``HostConfig.PortBindings`` for the ports of a service."""
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in section.get("ports") or ():
        key = f"{port['target']}/{port.get('protocol') or 'tcp'}"
        bindings.setdefault(key, []).append(
            {
                "HostIp": str(port.get("host_ip") or ""),
                "HostPort": str(port.get("published") or ""),
            }
        )
    return bindings


def extra_hosts(section: Mapping[str, Any]) -> list[str]:
    """Return ``HostConfig.ExtraHosts`` for a service: Compose resolves to ``name=address``."""
    return [str(entry).replace("=", ":", 1) for entry in section.get("extra_hosts") or ()]


def _config(
    inspected: Mapping[str, Any], section: Mapping[str, Any], labels: Mapping[str, str]
) -> dict[str, Any]:
    config = dict(inspected["Config"])
    config["Labels"] = {k: v for k, v in config["Labels"].items() if k not in labels}
    if not section.get("hostname"):  # the engine's own: of the id, or of the machine
        config.pop("Hostname", None)
    if config.get("Entrypoint") is None:
        # what was reset must not come from the image again (moby: daemon/create.go)
        config["Entrypoint"] = [""]
    if inspected["HostConfig"]["NetworkMode"].startswith("container:"):
        config.pop("ExposedPorts", None)  # the image's: the engine refuses to be given them here
    return config


def _host_config(host: Mapping[str, Any], section: Mapping[str, Any]) -> dict[str, Any]:
    config = dict(host)
    del config["PortBindings"]
    config.pop("ExtraHosts", None)
    if not section.get("security_opt") and "credential_spec" not in section:
        # on SELinux, the engine takes over the label of the container whose memory this one shares
        config.pop("SecurityOpt", None)
    return config


def _endpoints(
    inspected: Mapping[str, Any], section: Mapping[str, Any], project: str
) -> list[tuple[str, dict[str, Any]]]:
    """Return the networks, the main one first, then by their priority: so Compose joins them."""
    if section.get("network_mode"):
        return []
    main = inspected["HostConfig"]["NetworkMode"]
    priorities = {
        f"{project}_{key}": (entry or {}).get("priority") or 0
        for key, entry in (section.get("networks") or {}).items()
    }
    joined: Mapping[str, Mapping[str, Any]] = inspected["NetworkSettings"]["Networks"]
    names = sorted(joined, key=lambda n: (n != main, -priorities.get(n, 0), n))
    return [(name, _endpoint(joined[name], inspected["Id"])) for name in names]


def _endpoint(raw: Mapping[str, Any], identity: str) -> dict[str, Any]:
    endpoint = {key: raw[key] for key in _ENDPOINT if raw.get(key) is not None}
    aliases = endpoint.get("Aliases") or []
    if identity[:12] in aliases:  # the engine adds this, and what follows
        endpoint["Aliases"] = aliases[: aliases.index(identity[:12])]
    return endpoint


def _same_bindings(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    def comparable(bindings: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
        return {
            key: sorted((b.get("HostIp") or "", b.get("HostPort") or "") for b in bound or ())
            for key, bound in bindings.items()
        }

    return comparable(one) == comparable(other)


def _name_pattern(project: str) -> re.Pattern[str]:
    return re.compile(re.escape(project) + r"(?!\d)")


def _token(name: str, project: str) -> str:
    return _name_pattern(project).sub(_PROJECT, name)


def _texts(options: Mapping[str, Any] | None) -> dict[str, str]:
    return {key: unescaped(value) for key, value in (options or {}).items()}


def _labels(
    project: str, what: str, key: str, entry: Mapping[str, Any], version: str
) -> dict[str, str]:
    return {
        **_texts(entry.get("labels")),
        PROJECT_LABEL: project,
        f"com.docker.compose.{what}": key,
        "com.docker.compose.version": version,
    }
