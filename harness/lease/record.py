"""The record of a run: which processes take part in it. It is written before anything is made."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from harness.lease.process import ProcessId, is_alive, pid_namespace, this_process
from harness.lease.shared import check_own, shared_folder

_PREFIX, _FILES, _GONE = "lease-", ".files", "gone-"
_TRIES = 100  # each process can be on its way but once
_numbers = itertools.count(1)


class Member(NamedTuple):
    """A process of a run: pytest itself, or a worker of xdist.

    Attributes:
        name: What tells it from others; the name of its own folder, too.
        process: The process.
        leads: Whether the others are of no use without it.
        leaving: Whether it only removes what is its own.
    """

    name: str
    process: ProcessId
    leads: bool = False
    leaving: bool = False


class RunRecord:
    """The processes of one run, each with a file in the run's folder.

    A process counts as long as it lives: its file says which one it is. Somebody who holds the
    record's lock can be sure that nobody joins meanwhile.
    """

    def __init__(self, run: str, folder: Path | None = None) -> None:
        """Take the run's id, and the folder for the records of all runs."""
        self.run = run
        self.folder = (folder or shared_folder()) / f"{_prefix()}{run}"
        self._mine: Member | None = None

    @property
    def mine(self) -> Member | None:
        """This process as a member; None before it has joined, and after it has left."""
        return self._mine

    @property
    def leader(self) -> Member | None:
        """The member without which the others are of no use: this process, if there is none."""
        return next((m for m in self.members() if m.leads), self._mine)

    @property
    def own_folder(self) -> Path:
        """The folder for this process's files, which goes with the process."""
        assert self._mine is not None, "join first"
        folder = self.folder_of(self._mine)
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def folder_of(self, member: Member) -> Path:
        """Return the folder for a member's files; it need not be there."""
        return self.folder / f"{member.name}{_FILES}"

    @property
    def folders(self) -> list[Path]:
        """The folders of all members, also of those that have died."""
        return [*self.folder.glob(f"*{_FILES}")]

    def join(self, *, uses: bool, leads: bool = False) -> bool:
        """Be one of the run's processes; waits while the last one removes what was there.

        Args:
            uses: Whether this process makes stacks; once said, it holds for the run.
            leads: Whether the others are of no use without it.

        Returns:
            Whether no process has made stacks before.
        """
        with self.locked():
            first = not self.any_uses
            if self._mine is None:
                process = this_process()
                name = f"member-{process.pid}-{next(_numbers)}"
                self._mine = Member(name, process, leads)
                self._write(self._mine)
            if uses:
                (self.folder / "used").touch()
        return first

    @property
    def any_uses(self) -> bool:
        """Whether any process of the run has made stacks."""
        return (self.folder / "used").exists()

    def members(self) -> list[Member]:
        """Return all that have not left, also those that have died."""
        found = []
        for file in sorted(self.folder.glob("member-*.json")):
            with suppress(OSError, ValueError):  # it leaves just now
                name, process, leads, leaving = json.loads(file.read_text())
                found.append(Member(name, ProcessId(*process), leads, leaving))
        return found

    def others(self) -> list[Member]:
        """Return the other members that live and go on."""
        found = [m for m in self.members() if self._mine is None or m.name != self._mine.name]
        return [m for m in found if not m.leaving and is_alive(m.process)]

    @contextmanager
    def leave(self, *, settled: bool = True) -> Iterator[bool]:
        """Leave; the context's value says whether nobody goes on. Then nobody joins meanwhile.

        Until the context ends this process is in the record. Who was interrupted has not left,
        and may leave again.

        Args:
            settled: Whether nothing of this process's is under way any more. If not, it stays in
                the record, as one that leaves: the reaper removes what comes after its end.
        """
        mine = self._mine
        if mine is None or mine.process.pid != os.getpid():  # a forked child is no member
            yield False
            return
        with self.locked():
            self._write(mine._replace(leaving=True))
            last = not self.others()
            if last:
                yield True
                self._mine = None
                if settled:
                    self.remove()
        if not last:
            yield False
            if settled:
                self.forget(mine)
            self._mine = None

    def forget(self, member: Member) -> None:
        """Strike a member out, and its files."""
        shutil.rmtree(self.folder_of(member), ignore_errors=True)
        (self.folder / f"{member.name}.json").unlink(missing_ok=True)

    def make_data_folder(self) -> Path:
        """Make the folder for what other accounts must reach; it goes with the record.

        Raises:
            HarnessError: Somebody else's folder stands in its place.
        """
        self._data.parent.mkdir(mode=0o711, exist_ok=True)
        check_own(self._data.parent)
        self._data.mkdir(mode=0o711, exist_ok=True)
        return self._data

    @property
    def _data(self) -> Path:
        base = self.folder.parent
        return base.with_name(f"{base.name}-data") / self.run

    def remove(self) -> None:
        """The run is over, and nothing of it is left. To be called by who holds the lock."""
        shutil.rmtree(self._data, ignore_errors=True)  # later it might be a new record's
        gone = self.folder.with_name(f"{_GONE}{self.run}-{os.getpid()}-{next(_numbers)}")
        with suppress(FileNotFoundError):
            self.folder.replace(gone)  # at once: who waits for the lock begins a new record
        for _ in range(_TRIES):
            shutil.rmtree(gone, ignore_errors=True)
            if not gone.exists():  # else somebody who was on the way to the lock made one in it
                break

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one who changes the record; its folder is there then."""
        file = self._take()
        try:
            yield
        finally:
            os.close(file)

    def _take(self) -> int:
        path = self.folder / "lock"
        while True:
            with suppress(FileExistsError):  # exist_ok would look again, and find it removed
                self.folder.mkdir(mode=0o700)
            try:
                file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except FileNotFoundError:
                continue  # removed just now
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if os.path.samestat(os.fstat(file), path.stat()):
                    return file
            except FileNotFoundError:
                pass
            except BaseException:
                os.close(file)
                raise
            os.close(file)  # the last one has removed the file meanwhile: begin a new one

    def _write(self, member: Member) -> None:
        draft = self.folder / f"{member.name}.new"
        draft.write_text(json.dumps(member))
        draft.replace(self.folder / f"{member.name}.json")


def records(folder: Path | None = None) -> list[RunRecord]:
    """Return the records of all runs of this user whose processes can be judged from here."""
    base, prefix = folder or shared_folder(), _prefix()
    return [RunRecord(f.name.removeprefix(prefix), base) for f in base.glob(f"{prefix}*")]


def remove_halves(folder: Path | None = None) -> None:
    """Finish the removal of records during which somebody was killed."""
    for half in (folder or shared_folder()).glob(f"{_GONE}*"):
        shutil.rmtree(half, ignore_errors=True)


def _prefix() -> str:
    """Containers may have their folder for temporary files in common, and not their pids."""
    return f"{_PREFIX}{pid_namespace()}-"
