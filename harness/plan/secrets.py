"""What a resolved project tells of secrets: the variables of its services, and names that are none.

Which variables are secret is for the masker to say, by their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.model.project import Project, Service, unescaped

_ASSIGNMENT = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[\w.-]+)[ \t]*[=:][ \t]*"""
    r"""(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>[^']*)'|(?P<plain>[^\n]*?)(?:[ \t]+\#.*)?$)""",
    re.MULTILINE,
)
_TAG = re.compile(r"(@|:)[^/]*$")


def environments(project: Project) -> Iterator[Mapping[str, str]]:
    """Yield what services and their builds get of variables, as far as the project says it."""
    yield from project.dotenv.values()
    for service in project.services.values():
        build = service.config.get("build")
        arguments = build.get("args") if isinstance(build, Mapping) else None
        process = service.harness.get("process")
        own = process.get("environment") if isinstance(process, Mapping) else None
        for given in (service.config.get("environment"), arguments, own):
            if isinstance(given, Mapping):
                yield {n: unescaped(value) for n, value in given.items() if value is not None}


def secret_variables(project: Project) -> frozenset[str]:
    """Return the variables whose values are secrets of the project (``secrets: environment:``)."""
    declared = (entry.get("environment") for entry in project.secrets.values())
    return frozenset(str(name) for name in declared if name)


def env_files(project: Project) -> Iterator[str]:
    """Yield the paths of the services' files of variables."""
    for service in project.services.values():
        for entry in service.config.get("env_file") or ():
            if isinstance(entry, Mapping) and entry.get("path"):
                yield str(entry["path"])


def assignments(text: str) -> dict[str, str]:
    """Return what a file of variables says, without interpolation."""
    return {
        found["name"]: found["double"] or found["single"] or found["plain"] or ""
        for found in _ASSIGNMENT.finditer(text)
    }


def names(project: Project) -> frozenset[str]:
    """Return the names of services, images and hosts: no secrets, also where a password is one."""
    found = {"localhost"}
    for service in project.services.values():
        found |= {service.name, *_hosts(service.config), *_images(service)}
    return frozenset(found)


def _images(service: Service) -> Iterator[str]:
    """Yield an image's name, and the parts of it that are read as one."""
    if image := unescaped(service.image):
        repository = _TAG.sub("", image.partition("@")[0])
        yield from (image, image.partition("@")[0], repository, repository.rpartition("/")[2])


def _hosts(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names under which a service is reached, and those that it knows."""
    for key in ("hostname", "container_name", "domainname"):
        if config.get(key):
            yield str(config[key])
    for entry in (config.get("networks") or {}).values():
        yield from map(str, (entry or {}).get("aliases") or ())
    for link in config.get("links") or ():
        yield str(link).rpartition(":")[2]
    for host in config.get("extra_hosts") or ():
        yield re.split("[=:]", str(host))[0]
