"""The Compose specification, as the installed Compose brings it in its binary."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.engine.find import find_compose

_ID = b'"$id": "compose_spec.json"'
_LONGEST = 1_000_000


def service_keys() -> frozenset[str]:
    """Return every key of the service section."""
    schema = _schema()
    return frozenset(_keys(schema, {"$ref": "#/$defs/service"}))


def _schema() -> Mapping[str, Any]:
    command = find_compose().command
    plugins = [Path.home() / ".docker", *map(Path, ("/usr/libexec/docker", "/usr/lib/docker"))]
    candidates = [
        *(Path(found) for name in command if (found := shutil.which(name))),
        *(folder / "cli-plugins" / "docker-compose" for folder in plugins),
    ]
    for file in candidates:
        data = file.read_bytes() if file.is_file() else b""
        place = data.find(_ID)
        if place >= 0:
            begin = data.rindex(b"{", 0, place)
            text = data[begin : begin + _LONGEST].decode(errors="replace")
            schema: Mapping[str, Any] = json.JSONDecoder().raw_decode(text)[0]
            return schema
    raise AssertionError(f"no schema in {candidates}")


def _keys(schema: Mapping[str, Any], section: Mapping[str, Any]) -> Iterator[str]:
    yield from section.get("properties", ())
    for part in section.get("allOf", ()):
        yield from _keys(schema, part)
    if reference := section.get("$ref"):
        target: Any = schema
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        yield from _keys(schema, target)
