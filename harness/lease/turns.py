"""Turns: what two stacks cannot both have is held by one of them at a time, across processes."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from harness.errors import TurnTimeoutError
from harness.lease.shared import shared_folder

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


_held_here: dict[str, tuple[int, str]] = {}
"""What this process holds: by which thread, and for which stack."""


def take_turns(
    resources: Sequence[str], holder: str, timeout: float
) -> AbstractContextManager[object]:
    """Hold all resources until the returned context is left.

    Args:
        holder: The stack that wants them.
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
            thread, stack_of_ours = _held_here.get(resource, (0, ""))
            if thread == threading.get_ident():  # it would wait for itself
                raise TurnTimeoutError(
                    f"{resource}, which the compose file fixes, is held by stack {stack_of_ours} "
                    f"of this very run: a test cannot have it while a fixture of wider scope "
                    f"does. Use one of the two, or let the harness choose."
                )
            # a lock must not outlive its thread's stack: removal may run in another thread
            digest = hashlib.sha256(resource.encode()).hexdigest()[:16]
            lock = FileLock(shared_folder() / f"turn-{digest}", timeout=timeout, thread_local=False)
            try:
                stack.enter_context(lock)
                _held_here[resource] = (threading.get_ident(), holder)
                stack.callback(_held_here.pop, resource)
            except Timeout:
                raise TurnTimeoutError(
                    f"waited {timeout:.0f} s for {resource}, which the compose file fixes "
                    f"(x-harness: {{fixed: true}}, or a fixed subnet): another run holds it. "
                    f"Wait for that run, or let the harness choose."
                ) from None
        return stack.pop_all()
