"""One run: pytest's process, and the workers of xdist, and what they have in common."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path

from harness.lease.kept import KeptStacks
from harness.lease.labels import RUN, Ownership
from harness.lease.marks import VARIABLE, mark
from harness.lease.origin import origin
from harness.lease.process import boot_id
from harness.lease.record import RunRecord
from harness.lease.spawn import ensure_reaper, is_watched
from harness.lease.started import Entered, end_started, has_started

DAY, HOUR = 86_400.0, 3600.0


class Run:
    """The identity of a run, from which stacks get their names and their labels."""

    def __init__(
        self,
        root: Path,
        id_: str = "",
        worker: str = "",
        keep: bool = False,
        *,
        keep_for: float = 8 * HOUR,
        expiry: float = DAY,
    ) -> None:
        """Name a run.

        Args:
            root: The root directory of the team's project.
            id_: What all processes of the run have in common; empty where there is one.
            worker: The worker of xdist that this process is, else empty.
            keep: Whether the user wants stacks kept.
            keep_for: Seconds that kept stacks stay after their last use.
            expiry: Seconds that a stack stays where nobody can tell whether its run lives.
        """
        self.id = _short(id_) if id_ else os.urandom(4).hex()
        self.worker = worker
        self.checkout = _short(str(root.resolve()))
        self._keep = keep
        self._expiry = expiry
        self._fixtures: AbstractContextManager[object] | None = None
        self._interrupted = False
        self._record = RunRecord(self.id)
        self._kept = KeptStacks(self.checkout, self.id, keep_for)

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
        return self._kept.name

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

    def ownership(self, stack: str, *, common: bool) -> Ownership:
        """Return who owns a stack that this process begins.

        What the processes of a run have in common belongs to the one that leads it; a kept stack
        belongs to nobody, and expires.

        Args:
            stack: Its name.
            common: Whether other processes of the run use it too.
        """
        now = time.time()
        kept = self.is_kept(stack)
        owner = self._record.leader if common else self._record.mine
        return Ownership(
            origin=origin(),
            boot=boot_id(),
            owner=owner.process if owner and not kept else None,
            worker="" if common or kept else self.worker,
            made=now,
            expires=now + ((self._kept.lasts or 0.0) if kept else self._expiry),
        )

    def one_at_a_time(self) -> AbstractContextManager[object]:
        """Return a lock that one process of the run holds at a time, and may take again."""
        if self._fixtures is None:
            from filelock import FileLock

            self._fixtures = FileLock(self.folder / "fixtures.lock")
        return self._fixtures

    @property
    def folder(self) -> Path:
        """The folder of the run, which is removed with it."""
        return self._record.folder

    @property
    def own_folder(self) -> Path:
        """The folder of this process, which is removed with it."""
        return self._record.own_folder

    @property
    def mark(self) -> dict[str, str]:
        """The variable by which processes that this one starts are known."""
        return {VARIABLE: self._mark()}

    def mark_of(self, entered: Entered) -> dict[str, str]:
        """Return the variable by which one process that this one starts is known, and its own."""
        return {VARIABLE: mark(self.id, entered.member, entered.number)}

    def _mark(self) -> str:
        assert self._record.mine is not None, "join first"
        return mark(self.id, self._record.mine.name)

    def join(self, *, uses: bool = True) -> bool:
        """Be one of the run's processes.

        Args:
            uses: Be one that makes stacks; who only starts processes needs no engine.

        Returns:
            Whether it is the first that makes stacks.
        """
        return self._record.join(uses=uses)

    def enter_process(self, *, common: bool = False) -> Entered:
        """Make an entry for a process that is about to be started.

        Args:
            common: Whether other processes of the run use it: it belongs to the one that leads.
        """
        member = self._record.leader if common else self._record.mine
        assert member is not None, "join first"
        folder = self._record.folder_of(member)
        folder.mkdir(mode=0o700, exist_ok=True)
        return Entered(folder, member.name)

    @property
    def data_folder(self) -> Path:
        """A folder for servers' data, which other accounts may pass; it goes with the run."""
        return self._record.make_data_folder()

    @property
    def is_watched(self) -> bool:
        """Whether a reaper watches over the run."""
        return is_watched(self._record)

    def ensure_watched(self, launched: Callable[[], object] = lambda: None) -> None:
        """Have a reaper watch over the run, and wait for its answer; often it is there already.

        Args:
            launched: Called as soon as it comes, if it was not there.

        Raises:
            ReaperError: It could not be started.
        """
        ensure_reaper(self._record, launched)

    def take_part(self, id_: str) -> None:
        """Watch over the workers of a run: be one of its processes until the last has ended."""
        if self.id != _short(id_):
            self.id = _short(id_)
            self._record = RunRecord(self.id)
        self._record.join(uses=False, leads=True)

    def workers(self) -> list[int]:
        """Return the pids of the other processes of the run."""
        return [member.process.pid for member in self._record.others()]

    def interrupted(self) -> None:
        """Take note that the run ends by an interrupt, and others may come at any moment.

        A first one waits for what was asked of an engine; one that comes while it waits does not,
        so a thread or Compose may still make something when all has been removed.
        """
        self._interrupted = True

    def end(self) -> list[str]:
        """Remove what is left of a run whose workers have ended, if nobody else is in it.

        Returns:
            What is left after that.

        Raises:
            HarnessError: The engine refused something. The rest is gone.
        """
        with self._leave() as last:
            if not (last and self._record.any_uses):
                return []
            from harness.engine.docker import DockerEngine

            engine = DockerEngine()
            try:
                engine.remove({RUN: self.id})
                return [str(thing) for thing in engine.things({RUN: self.id})]
            finally:
                engine.close()

    @contextmanager
    def leave(self) -> Iterator[bool]:
        """Leave the run; the context's value says whether nobody is left."""
        self._kept.leave()
        with self._leave() as last:
            yield last

    @contextmanager
    def _leave(self) -> Iterator[bool]:
        """Leave the record; what this process started ends, and what others left if it is last."""
        if self._record.mine is not None:
            self._end_started([self.own_folder], self._mark())
        settled = not (self._interrupted and self.is_watched)
        with self._record.leave(settled=settled) as last:
            if last:
                self._end_started(self._record.folders, mark(self.id))
            yield last

    @staticmethod
    def _end_started(folders: Iterable[Path], mark: str) -> None:
        """A process that was ended as it should be has left no entry."""
        if has_started(folders):
            end_started(folders, mark)


def _short(text: str) -> str:
    """Return eight digits for a text of any length and kind: a user may choose a run's id."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
