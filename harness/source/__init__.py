"""What the compose files of a project say, as written.

Which files count, which services they name and where, which variables they use. Nothing here
asks Compose, an engine or the environment, so tests are collected without any of them. YAML, and
the types of what is read, are imported only once there is a file to read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.source.discover import discover

if TYPE_CHECKING:
    from harness.source.types import (
        Dependency,
        FileGroup,
        Location,
        Source,
        SourceService,
        Variable,
    )

__all__ = [
    "Dependency",
    "FileGroup",
    "Location",
    "Source",
    "SourceService",
    "Variable",
    "discover",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'harness.source' has no attribute {name!r}")
    from harness.source import types

    value: object = getattr(types, name)
    return value
