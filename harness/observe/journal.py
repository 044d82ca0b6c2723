"""The journal of one process: takes what happens, keeps the latest, tells readers, writes it."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from harness.errors import masked
from harness.observe.event import Event, Kind

Reader = Callable[[Event], None]

# Events that stay in memory: those of the tests under way, and mostly the whole run. A journal that
# nobody reads before the run's end is written only lest memory lose any: to make lines of events,
# and to read those again, would be half of what observing costs.
_KEPT, _TOGETHER = 20_000, 1_000  # events; of those, how many are written when it is full
# Where others read it, events are written several at a time, which takes half the processor time
# of one by one. At once whatever tells which test a run that is killed was at; and of a worker,
# what its controller shows while nothing else may happen for long, and what other workers act by.
_FOLLOWED_TOGETHER, _DELAY = 64, 1.0  # events; seconds after the first, if others follow
# plain text: an enumeration's members have a hash in Python, and each event asks for several
_AT_ONCE = frozenset(
    map(str, (Kind.RUN_BEGIN, Kind.RUN_END, Kind.TEST_BEGIN, Kind.TEST_PHASE, Kind.WARNING))
)
_OF_A_WORKER = frozenset(map(str, (Kind.CONTAINER_ASKED, Kind.SERVICE_LOOK, Kind.TEST_END)))
_AS_IT_BEGINS = frozenset(map(str, (Kind.IMAGE_BUILD, Kind.IMAGE_PULL, Kind.SERVICE_WAIT)))


class Journal:
    """Everything that happens in one process of a run, told by any thread."""

    def __init__(self, worker: str = "") -> None:
        """Begin a journal in memory.

        Args:
            worker: The worker of xdist that this process is, else empty.
        """
        self.worker = worker
        self.folder: Path | None = None  # where it is written, and other workers write theirs
        self._kept: deque[Event] = deque(maxlen=_KEPT)
        self._readers: list[tuple[frozenset[str], Reader]] = []
        self._file: int | None = None
        self._followed = False
        self._unwritten: list[Event] = []
        # one thread's events may be told by another's lock holder: a reader must not wait for one
        self._lock = threading.RLock()

    def tell(
        self,
        kind: Kind,
        *,
        at: float | None = None,
        took: float = 0.0,
        begins: bool = False,
        stack: str = "",
        service: str = "",
        test: str = "",
        **data: Any,
    ) -> Event:
        """Enter an event.

        Args:
            kind: What happened.
            at: When, in seconds since the epoch; now unless given.
            took: How long it lasted, in seconds.
            begins: Whether it only begins.
            stack: The stack that it concerns.
            service: The service that it concerns.
            test: The test that it concerns.
            data: What else is known. Text is to be masked by who knows that it may hold secrets
                (``harness.errors.masked``).
        """
        moment = time.time() if at is None else at
        event = Event(str(kind), moment, took, begins, self.worker, stack, service, test, data)
        with self._lock:
            self._kept.append(event)
            if self._file is not None:
                self._unwritten.append(event)
                if not self._followed:
                    if len(self._unwritten) >= _KEPT:
                        self._write(_TOGETHER)
                elif self._is_due(event):
                    self._write()
            for kinds, reader in self._readers:
                if event.kind in kinds:
                    reader(event)
        return event

    def _is_due(self, event: Event) -> bool:
        """Whether what was told is to be written now."""
        kind = event.kind
        if kind in _AT_ONCE or len(self._unwritten) >= _FOLLOWED_TOGETHER:
            return True
        if self.worker and (kind in _OF_A_WORKER or (event.begins and kind in _AS_IT_BEGINS)):
            return True
        return event.at - self._unwritten[0].at > _DELAY

    @contextmanager
    def span(self, kind: Kind, **where: Any) -> Iterator[dict[str, Any]]:
        """Enter what lasts as long as the context: once when it begins, once when it ends.

        Args:
            kind: What lasts.
            where: What ``tell`` takes.

        Yields:
            More data for its end, to be filled. An exception is entered as ``error``.
        """
        began = time.monotonic()
        self.tell(kind, begins=True, **where)
        more: dict[str, Any] = {}
        try:
            yield more
        except BaseException as error:
            more["error"] = masked(str(error)) or type(error).__name__
            more["error_class"] = type(error).__name__
            raise
        finally:
            self.tell(kind, took=time.monotonic() - began, **{**where, **more})

    def subscribe(self, reader: Reader, kinds: Iterable[Kind] = Kind) -> Callable[[], None]:
        """Have events told from now on; return what ends that.

        Args:
            reader: Called by the thread that tells; it must be quick, and what it raises is
                dropped.
            kinds: Those that it wants to be told of.
        """

        def safe(event: Event) -> None:
            try:
                reader(event)
            except Exception:
                return  # who observes must not change what is observed

        entry = frozenset(map(str, kinds)), safe
        with self._lock:
            self._readers.append(entry)

        def unsubscribe() -> None:
            with self._lock, suppress(ValueError):
                self._readers.remove(entry)

        return unsubscribe

    def kept(self) -> list[Event]:
        """Return the latest events, the oldest first."""
        with self._lock:
            return [*self._kept]

    @property
    def keeps_all(self) -> bool:
        """Whether all events so far are in memory."""
        with self._lock:
            return len(self._kept) < _KEPT

    def write_to(self, folder: Path, *, followed: bool = True) -> None:
        """Have a file in a folder from now on, for what is kept already, too.

        A file that cannot be written is done without: a full disk must not fail tests.

        Args:
            folder: The folder, made if need be.
            followed: Whether other processes, or somebody after a kill, read it meanwhile. Else
                it holds what memory would lose, and the rest when ``written`` is asked.
        """
        with self._lock, suppress(OSError):
            if self._file is None:
                folder.mkdir(parents=True, exist_ok=True)
                path = folder / part_name(self.worker)
                flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
                self._file = os.open(path, flags, 0o600)
                self.folder = folder
                self._followed = followed
                self._unwritten = [*self._kept]
                if followed:
                    self._write()

    def written(self) -> list[str]:
        """Return all lines written so far, also when the file has been removed."""
        with self._lock:
            if self._file is None:
                return [event.line() for event in self._kept]
            self._write()
            size = os.fstat(self._file).st_size
            return lines_of(os.pread(self._file, size, 0))

    def close(self) -> None:
        """Close the file; events that come later are kept in memory."""
        with self._lock:
            if self._file is not None:
                if self._followed:
                    self._write()
                os.close(self._file)
                self._file = None

    def _write(self, most: int | None = None) -> None:
        """Write what is unwritten, the oldest first; all of it, or no more than so many."""
        if self._file is not None and self._unwritten:
            text = "".join(f"{event.line()}\n" for event in self._unwritten[:most])
            del self._unwritten[:most]
            with suppress(OSError):
                os.write(self._file, text.encode(errors="replace"))


def lines_of(written: bytes) -> list[str]:
    """Return the lines of a journal.

    JSON leaves some characters as they are that Python takes for the end of a line too (U+2028,
    U+0085): what a service wrote may hold them.
    """
    return written.decode(errors="replace").split("\n")


def part_name(worker: str) -> str:
    """Return the name of the file of one process's events."""
    return f"journal-{worker or 'main'}.jsonl"


PARTS = "journal-*.jsonl"
