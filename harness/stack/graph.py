"""Running a graph of tasks: each the moment that what it waits for is done, in parallel.

Knows nothing of services.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


class Cancelled(Exception):  # noqa: N818 - a signal, not an error that anybody reads
    """Raised inside a task that was told to give up because another one failed."""


def run_graph(
    graph: Mapping[Key, Collection[Key]],
    work: Callable[[Key], None],
    cancelled: threading.Event,
    workers: int = 32,
) -> None:
    """Do the work of every task, dependencies first.

    When one fails, ``cancelled`` is set, nothing new begins, and those under way are waited for.

    Args:
        graph: For each task, the tasks that must be done before it.
        work: Does one task.
        cancelled: Set when the rest is to give up; the work looks at it while it waits.
        workers: How many tasks run at the same time.

    Raises:
        Exception: The first that a task raised.
    """
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    running: dict[Future[None], Key] = {}
    failures: list[BaseException] = []
    with ThreadPoolExecutor(min(workers, max(1, len(graph)))) as pool:
        try:
            while sorter.is_active():
                if not failures:
                    for key in sorter.get_ready():
                        running[pool.submit(work, key)] = key
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    key = running.pop(future)
                    if error := future.exception():
                        failures.append(error)
                        cancelled.set()
                    else:
                        sorter.done(key)
        except BaseException:
            cancelled.set()
            raise
    if failures:
        raise next((e for e in failures if not isinstance(e, Cancelled)), failures[0])
