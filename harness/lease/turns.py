"""Turns: what two stacks cannot both have is held by one of them at a time, across processes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from harness.errors import TurnTimeoutError
from harness.lease.shared import shared_folder

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


def take_turns(resources: Sequence[str], timeout: float) -> AbstractContextManager[object]:
    """Hold all resources until the returned context is left.

    Args:
        resources: Names of what is wanted, sorted: all processes take them in one order, so none
            waits in a circle.
        timeout: Seconds to wait for each.

    Raises:
        TurnTimeoutError: Somebody held one of them all that time.
    """
    stack = ExitStack()
    if not resources:
        return stack
    from filelock import FileLock, Timeout

    with stack:
        for resource in resources:
            # a lock must not outlive its thread's stack: removal may run in another thread
            digest = hashlib.sha256(resource.encode()).hexdigest()[:16]
            lock = FileLock(shared_folder() / f"turn-{digest}", timeout=timeout, thread_local=False)
            try:
                stack.enter_context(lock)
            except Timeout:
                raise TurnTimeoutError(
                    f"waited {timeout:.0f} s for {resource}, which the compose file fixes "
                    f"(x-harness: {{fixed: true}}, or a fixed subnet): another run holds it. "
                    f"Wait for that run, or let the harness choose."
                ) from None
        return stack.pop_all()
