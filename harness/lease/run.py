"""One run: pytest's process, and the workers of xdist, and what they have in common."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path

from harness.lease.kept import KeptStacks
from harness.lease.labels import RUN
from harness.lease.shared import shared_folder
from harness.lease.users import RunUsers


class Run:
    """The identity of a run, from which stacks get their names."""

    def __init__(self, root: Path, id_: str = "", worker: str = "", keep: bool = False) -> None:
        """Name a run.

        Args:
            root: The root directory of the team's project.
            id_: What all processes of the run have in common; empty where there is one.
            worker: The worker of xdist that this process is, else empty.
            keep: Whether the user wants stacks kept.
        """
        self.id = id_[:8] or os.urandom(4).hex()
        self.worker = worker
        self.checkout = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:8]
        self._keep = keep
        self._fixtures: AbstractContextManager[object] | None = None
        self._users = RunUsers(self.id)
        self._kept = KeptStacks(self.checkout, self.id)

    def stack_name(self, rank: int, suffix: str, *, common: bool = False) -> str:
        """Return the name of a stack.

        Names of longer-lived stacks come first in the alphabet: of several networks of a
        container the engine publishes its ports by the first one (libnetwork sorts gateways by
        name), and a connection to a test's network must not move them.

        Args:
            rank: A digit, the smaller the longer the stack lives.
            suffix: What tells it from others.
            common: Whether all workers use it.
        """
        mine = [self.worker] if self.worker and not common else []
        return "-".join(["harness", self.id, str(rank), *mine, suffix])

    @property
    def kept_name(self) -> str:
        """What the names of kept stacks begin with: before those of every run."""
        return f"harness-0-{self.checkout}"

    def is_kept(self, stack: str) -> bool:
        """Whether a stack is left for the next run."""
        return stack.startswith(f"{self.kept_name}-")

    @cached_property
    def keeps(self) -> bool:
        """Whether stacks are kept, and no other run uses them now."""
        return self._keep and self._kept.take()

    @property
    def asked_to_keep(self) -> bool:
        """Whether the user wants stacks kept."""
        return self._keep

    def one_at_a_time(self) -> AbstractContextManager[object]:
        """Return a lock that one process of the run holds at a time, and may take again."""
        if self._fixtures is None:
            from filelock import FileLock

            self._fixtures = FileLock(shared_folder() / f"harness-{self.id}-fixtures.lock")
        return self._fixtures

    def join(self, *, uses: bool) -> None:
        """Be one of the run's processes.

        Args:
            uses: Whether this process makes stacks, and does not only watch over workers.
        """
        self._users.join(uses)

    def take_part(self, id_: str) -> None:
        """Watch over the workers of a run: be one of its processes until the last has ended."""
        if self.id != id_[:8]:
            self.id = id_[:8]
            self._users = RunUsers(self.id)
        self._users.join(uses=False)

    def end(self) -> None:
        """Remove what is left of a run whose workers have ended, if nobody else is in it.

        Raises:
            HarnessError: The engine refused something. The rest is gone.
        """
        with self._users.leave() as last:
            if last and self._users.any_uses:
                from harness.engine.docker import DockerEngine

                engine = DockerEngine()
                try:
                    engine.remove({RUN: self.id})
                finally:
                    engine.close()
                    self.forget_stacks()

    @contextmanager
    def leave(self) -> Iterator[bool]:
        """Leave the run; the context's value says whether nobody is left."""
        self._kept.leave()
        with self._users.leave() as last:
            yield last

    def forget_stacks(self) -> None:
        """The stacks that the run's processes had in common are gone."""
        for file in shared_folder().glob(f"harness-{self.id}-*"):
            file.unlink(missing_ok=True)
