"""What a service must not do while a test runs."""

from __future__ import annotations

from typing import NamedTuple


# A named tuple: every pytest imports this with the settings.
class FailOn(NamedTuple):
    """What fails a test that passed by itself.

    Attributes:
        exit: A service that ends, or whose container is removed.
        oom: A process that is killed for want of memory, be it the service's main one or not.
        restart: A service that ends and that its restart policy starts again.
        log: Regular expressions: a line of its log that one of them is found in.
        allow: Regular expressions: lines that one of them is found in do not count.
    """

    exit: bool = True
    oom: bool = False
    restart: bool = False
    log: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
