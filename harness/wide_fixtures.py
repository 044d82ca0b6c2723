"""What fixtures of a wider scope hold, and what they do to services, for as long as they live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from harness.plan.lives import Life, closure_of, life_of_scope
from harness.wider import node

if TYPE_CHECKING:
    import pytest

    from harness.collected import CollectedTests
    from harness.lease.run import Run
    from harness.settings import Settings
    from harness.stack.fleet import Fleet


class WideFixtures:
    """The fixtures of wider scopes that are set up at present, as far as they use services."""

    def __init__(
        self, settings: Settings, tests: CollectedTests, run: Run, fleet: Callable[[], Fleet]
    ) -> None:
        """Know of none yet.

        Args:
            settings: What the user chose.
            tests: The tests that were collected, and what their fixtures use.
            run: The run that this process is a part of.
            fleet: Gives all stacks of the session; it is asked for when one is needed.
        """
        self._settings = settings
        self._tests = tests
        self._run = run
        self._fleet = fleet
        self._holders: Counter[tuple[Life, str]] = Counter()
        self._ended: dict[object, Callable[[], None]] = {}

    def __bool__(self) -> bool:
        """Whether the end of any of them changes what services hold."""
        return bool(self._ended)

    def hold(self, request: pytest.FixtureRequest) -> Life:
        """Keep what a fixture asks for until it ends; return how long that is."""
        life = life_of_scope(request.scope)
        if life < Life.SESSION:
            holder = life, node(request._pyfuncitem, life)
            self._holders[holder] += 1
            request.addfinalizer(lambda: self._let_go(holder))
        return life

    def _let_go(self, holder: tuple[Life, str]) -> None:
        self._holders[holder] -= 1
        if not self._holders[holder]:
            self._fleet().end(*holder)

    @contextmanager
    def being_set_up(self, definition: Any) -> Iterator[None]:
        """Watch a fixture while it is set up: what it does to services stays."""
        uses = self._tests.wider.uses(definition)
        if uses:
            names = closure_of(uses, self._tests.graph)
            lasts = definition.scope == "session" and not self._settings.keep
            ended = self._fleet().fixture_begins(definition.argname, names, lasts)
            if ended:
                self._ended[definition] = ended
        with self._alone_with(uses):
            yield

    def _alone_with(self, services: Collection[str]) -> AbstractContextManager[object]:
        """Have no two workers set up fixtures of wider scopes on services that they share."""
        if not services or not self._run.worker or not self._fleet().is_shared(services):
            return nullcontext()
        return self._run.one_at_a_time()

    def ended(self, definition: object) -> None:
        """Put back what a fixture did to services, once it has ended.

        Raises:
            HarnessError: It cannot be put back.
        """
        if ended := self._ended.pop(definition, None):
            ended()
