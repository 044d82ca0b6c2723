"""Configs and secrets given by ``content`` or ``environment``, put in before the start.

Compose mounts those that are files when it creates a container, and copies these in when it
starts one (Compose specification, "Configs" and "Secrets"). Whoever starts must copy.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import ComposeFileError
from harness.model.project import Project, Service, unescaped


@dataclass(frozen=True, slots=True)
class Injection:
    """One file to put into a container."""

    path: str
    content: bytes
    mode: int
    uid: int
    gid: int


def injections(
    project: Project, service: Service, environment: Mapping[str, str]
) -> tuple[Injection, ...]:
    """Return the files that a service's containers must get before they start.

    Raises:
        ComposeFileError: A config or secret is to come from an environment variable without
            value, or go into a container in which nothing can be put.
    """
    files = tuple(
        injection
        for kind, declared, folder in (
            ("configs", project.configs, "/"),
            ("secrets", project.secrets, "/run/secrets/"),
        )
        for entry in service.config.get(kind) or ()
        for injection in _one(kind, entry, declared.get(entry["source"]) or {}, folder, environment)
    )
    if files and service.config.get("read_only"):
        raise ComposeFileError(
            f"it is read_only, so {files[0].path} can only come from a `file`: neither `content` "
            f"nor `environment` of a config or secret can be put in."
        )
    return files


def _one(
    kind: str,
    entry: Mapping[str, Any],
    declared: Mapping[str, Any],
    folder: str,
    environment: Mapping[str, str],
) -> Iterator[Injection]:
    if "content" in declared:
        content = unescaped(declared["content"])
    elif "environment" in declared:
        variable = str(declared["environment"])
        if variable not in environment:
            raise ComposeFileError(
                f"{kind}: {entry['source']!r} takes its content from the environment variable "
                f"{variable}, which is not set. Set it."
            )
        content = environment[variable]
    else:
        return
    target = str(entry.get("target") or entry["source"])
    yield Injection(
        path=target if target.startswith("/") else folder + target,
        content=content.encode(),
        mode=int(str(entry.get("mode") or "0444"), 8),
        uid=int(entry.get("uid") or 0),
        gid=int(entry.get("gid") or 0),
    )


def archive(files: tuple[Injection, ...]) -> bytes:
    """Pack files into a tar archive to be unpacked at a container's root."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for file in files:
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode = len(file.content), file.mode
            entry.uid, entry.gid = file.uid, file.gid
            tar.addfile(entry, io.BytesIO(file.content))
    return packed.getvalue()
