"""When state is put back: after a test, off its path, and before anybody looks again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from harness.errors import ContainerGoneError, EngineUnavailableError
from harness.plan.lives import Tier
from harness.stack.reset import Disturbed, Resetter
from harness.stack.stack import Stack
from harness.stack.yard import Yard


class Resets:
    """The stacks of one process whose state is put back."""

    def __init__(
        self,
        yard: Yard,
        longer: Callable[[], Iterable[Stack]],
        broken: Callable[[Stack], None],
    ) -> None:
        """Know of none.

        Args:
            yard: What stacks are made with.
            longer: Gives the stacks that outlive a test, the longest-lived first.
            broken: Takes a stack whose state could not be put back.
        """
        self._yard = yard
        self._longer = longer
        self._broken = broken
        self._resetters: dict[Stack, Resetter] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="harness-reset")
        self._under_way: Future[None] | None = None
        self._stacks: Sequence[Stack] = ()

    def of(self, stack: Stack) -> Resetter:
        """Return what puts a stack back."""
        if stack not in self._resetters:
            self._resetters[stack] = Resetter(self._yard, stack)
        return self._resetters[stack]

    def begin(self, used: Sequence[tuple[Stack, Tier]]) -> None:
        """Begin to put back the services of a test."""
        work = [(self.of(stack), tier.resets & {*stack.services}) for stack, tier in used]
        if work:
            self.settle()
            self._stacks = [stack for stack, _ in used]
            self._under_way = self._pool.submit(self._put_back, work)

    def _put_back(self, work: Sequence[tuple[Resetter, frozenset[str]]]) -> None:
        outage, disturbed = self._yard.outage, Disturbed()
        outage.wait()
        with outage.blamed("while state was put back"):
            for resetter, names in work:
                with resetter.told(names, disturbed):
                    resetter.reset(names, disturbed)
                self._tell(disturbed)
            self._recover(self._longer(), disturbed)

    def revive(self, stack: Stack) -> None:
        """See that what runs in a stack still does, and make anew what somebody removed.

        Raises:
            HarnessError: It did not get ready.
        """
        if gone := stack.revive():
            disturbed = Disturbed()
            self.of(stack).renew(gone, disturbed)
            self._tell(disturbed)
            self._recover(dict.fromkeys([stack, *self._longer()]), disturbed)

    def _recover(self, stacks: Iterable[Stack], disturbed: Disturbed) -> None:
        for stack in stacks:
            self.of(stack).recover(disturbed)
            self._tell(disturbed)

    def _tell(self, disturbed: Disturbed) -> None:
        """Tell stacks of new containers in place of those that they use of others."""
        for stack in self._longer():
            stack.renewed(disturbed.renewed)

    def settle(self) -> None:
        """Wait until all state is back.

        Raises:
            HarnessError: It could not be put back. The next test gets new services.
        """
        future, self._under_way = self._under_way, None
        if future is None:
            return
        try:
            future.result()
        except (EngineUnavailableError, ContainerGoneError) as error:
            # what came from outside is not the next test's fault: it gets new services
            for stack in self._stacks:
                self._broken(stack)
            self._yard.warn_once(f"services are made anew, as state could not be put back: {error}")
        except Exception:
            for stack in self._stacks:
                self._broken(stack)
            raise
        except BaseException:  # somebody was interrupted, and may ask again: it is still under way
            self._under_way = future
            for stack in self._stacks:
                stack.give_up()
            raise

    def fixture_begins(
        self, fixture: str, names: Iterable[str], lasts: bool
    ) -> Callable[[], None] | None:
        """A fixture of a wider scope is about to run, and uses services.

        Args:
            fixture: Its name.
            names: The services, with all that they depend on.
            lasts: Whether it lasts as long as the session.

        Returns:
            What to call when it has ended, if state is to be put back then.

        Raises:
            HarnessError: The state of a service could not be put back, or not be remembered.
        """
        wanted = frozenset(names)
        self.settle()
        levels = [
            resetter
            for stack, resetter in self._resetters.items()
            if wanted & {*stack.services} and resetter.changed_by(fixture, wanted, lasts)
        ]

        def ended() -> None:
            self.settle()
            for resetter in levels:
                resetter.ended(wanted)

        return ended if levels else None

    def forget(self, stack: Stack) -> None:
        """A stack is to go."""
        if resetter := self._resetters.pop(stack, None):
            resetter.close()

    def close(self) -> None:
        """Close what was opened, and end the thread."""
        self._pool.shutdown()
        for stack in [*self._resetters]:
            self.forget(stack)
