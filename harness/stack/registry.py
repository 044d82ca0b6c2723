"""What is ready in a stack that several processes, or several runs, use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from harness.lease.shared import shared_folder


@dataclass(frozen=True, slots=True)
class Standing:
    """A service that was ready.

    Attributes:
        run: The run that brought it up.
        digest: What its configuration and its image come to.
        ports: The host ports chosen for it.
    """

    run: str
    digest: str
    ports: list[int | None]


class Registry:
    """A file that says what is ready, and the lock without which nobody changes the stack."""

    def __init__(self, stack: str, folder: Path | None = None) -> None:
        """Take the name of the stack."""
        base = folder or shared_folder()
        self._file = base / f"{stack}.json"
        self._lock = FileLock(base / f"{stack}.lock", thread_local=False)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one who changes the stack."""
        with self._lock:
            yield

    def read(self) -> dict[str, Standing]:
        """Return what is ready, by the services' names."""
        try:
            raw = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return {}  # nobody has written yet, or somebody was killed while writing
        return {name: Standing(**entry) for name, entry in raw.items()}

    def write(self, standing: Mapping[str, Standing]) -> None:
        """Say what is ready."""
        self._file.touch(mode=0o600)
        self._file.write_text(json.dumps({n: asdict(s) for n, s in standing.items()}))

    def remove(self) -> None:
        """The stack is gone."""
        self._file.unlink(missing_ok=True)
        Path(self._lock.lock_file).unlink(missing_ok=True)
