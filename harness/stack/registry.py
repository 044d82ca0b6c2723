"""What is ready in a stack that several processes, or several runs, use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from harness.errors import TurnTimeoutError
from harness.lease.shared import shared_folder

_PATIENCE = 600.0  # seconds: a stack may have to be started from nothing


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
        """Be the only one who changes the stack.

        Raises:
            TurnTimeoutError: Another process was at it for too long.
        """
        try:
            lock = self._lock.acquire(timeout=_PATIENCE)
        except Timeout:
            raise TurnTimeoutError(
                f"waited {_PATIENCE:.0f} s for another process to bring up services of the stack "
                f"{self._file.stem}, which is shared. See what that process does, or end it."
            ) from None
        with lock:
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
        new = self._file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps({n: asdict(s) for n, s in standing.items()}))
        new.replace(self._file)  # whoever is killed on the way leaves what was there

    def remove(self) -> None:
        """The stack is gone."""
        self._file.unlink(missing_ok=True)
        Path(self._lock.lock_file).unlink(missing_ok=True)
