"""Starting the stacks of the next tests while one runs."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from harness.plan.elsewhere import Elsewhere
from harness.plan.lives import Tier
from harness.stack.stack import Stack


@dataclass(frozen=True, slots=True)
class Prepared:
    """A stack that was started, or is being started, before its test.

    Attributes:
        tier: What it is for.
        elsewhere: What it uses of longer-lived stacks.
        stack: The stack.
        started: Done when all is ready; raises what the start raised.
        breaks: How often the engine had been lost before: what an engine that was restarted had
            started does not run any more.
    """

    tier: Tier
    elsewhere: Elsewhere
    stack: Stack
    started: Future[None]
    breaks: int

    def suits(self, tier: Tier, elsewhere: Elsewhere) -> bool:
        """Whether it is what a test turned out to need."""
        return self.tier == tier and self.elsewhere == elsewhere


class Ahead:
    """The stacks that wait for their tests."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._prepared: dict[str, Prepared] = {}

    def has(self, test: str) -> bool:
        """Whether a test's stack is on its way."""
        return test in self._prepared

    def start(self, test: str, tier: Tier, elsewhere: Elsewhere, stack: Stack, breaks: int) -> None:
        """Begin to start the stack of a test."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(thread_name_prefix="harness-ahead")
        started = self._pool.submit(stack.up, tier.named, elsewhere)
        self._prepared[test] = Prepared(tier, elsewhere, stack, started, breaks)

    def take(self, test: str) -> Prepared | None:
        """Hand out what was prepared for a test."""
        return self._prepared.pop(test, None)

    def passed_over(self, coming: Collection[str]) -> list[Prepared]:
        """Hand out what was prepared for tests that do not come next any more."""
        return [self._prepared.pop(test) for test in [*self._prepared] if test not in coming]

    def give_up(self) -> list[Stack]:
        """Have all starts end soon, wait for that, and return the stacks, to be removed."""
        prepared = [*self._prepared.values()]
        self._prepared.clear()
        for one in prepared:
            one.stack.give_up()
        for one in prepared:
            one.started.exception()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        return [one.stack for one in prepared]
