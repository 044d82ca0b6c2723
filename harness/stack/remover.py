"""Removing stacks off the tests' path."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from harness.errors import EngineUnavailableError, HarnessError
from harness.stack.stack import Stack

# More would only slow each other, and the start of the next stack, down.
_AT_ONCE = 2


class Remover:
    """Removes stacks in the background, and remembers what the engine refused."""

    def __init__(self, gone: Callable[[Stack], None], await_engine: Callable[[], None]) -> None:
        """Remove nothing yet.

        Args:
            gone: Told of each stack that is gone.
            await_engine: Waits for an engine that went away.
        """
        self._gone = gone
        self._await_engine = await_engine
        self._later: list[tuple[Stack, HarnessError]] = []
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="harness-removal")
        self._under_way: set[Future[None]] = set()
        self._refused: list[HarnessError] = []
        self._lock = threading.Lock()
        self._held: list[Stack] | None = None

    def hold(self) -> None:
        """Begin no removal until ``go_on``: somebody may want to look at what is given back."""
        if self._held is None:
            self._held = []

    def go_on(self, first: Callable[[], None] | None = None) -> None:
        """Begin what was held up.

        Args:
            first: Done before that, in the background.
        """
        held, self._held = self._held or [], None
        if first is not None:
            self._submit(self._after, first, held)
            return
        for stack in held:
            self.remove(stack)

    def _after(self, first: Callable[[], None], held: list[Stack]) -> None:
        with suppress(Exception):  # what only looks must not keep anything alive
            first()
        for stack in held:
            self._remove(stack)

    def remove(self, stack: Stack) -> None:
        """Remove a stack soon."""
        if self._held is not None:
            self._held.append(stack)
        else:
            self._submit(self._remove, stack)

    def _submit(self, work: Callable[..., None], *args: object) -> None:
        future = self._pool.submit(work, *args)
        with self._lock:
            self._under_way.add(future)
        future.add_done_callback(self._done)

    def now(self, stack: Stack) -> None:
        """Remove a stack before anything else happens; later, if the engine is not there.

        Raises:
            HarnessError: The engine refused something. The rest is gone.
        """
        try:
            stack.remove()
        except EngineUnavailableError as error:
            self._later.append((stack, error))
            return
        except HarnessError:
            self._gone(stack)
            raise
        self._gone(stack)

    def wait(self) -> list[HarnessError]:
        """Wait until all is removed; return what the engine refused since it was last asked."""
        self.go_on()
        while True:
            with self._lock:
                under_way = [*self._under_way]
            if not under_way:
                self._catch_up()
                refused, self._refused = self._refused, []
                return refused
            for future in under_way:
                future.exception()

    def _catch_up(self) -> None:
        """Remove what could not be removed because the engine was not there."""
        if not self._later:
            return
        with suppress(HarnessError):
            self._await_engine()
        stacks = [stack for stack, _ in self._later]
        self._later.clear()
        for stack in stacks:
            self._remove(stack)
        for stack, error in self._later:
            self._gone(stack)
            self._refused.append(error)
        self._later.clear()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def _remove(self, stack: Stack) -> None:
        try:
            self.now(stack)
        except HarnessError as error:
            self._refused.append(error)
        except Exception as error:  # nobody looks at a thread's errors: it is told at the end
            self._refused.append(HarnessError(f"stack {stack.name}: {error!r}"))

    def _done(self, future: Future[None]) -> None:
        with self._lock:
            self._under_way.discard(future)
