"""What the compose files of a project say, as written.

Which files count, which services they name and where, which variables they use. Nothing here
asks Compose, an engine or the environment, so tests are collected without any of them. YAML is
imported only once there is a file to read.
"""

from harness.source.discover import discover
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
