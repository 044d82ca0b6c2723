"""What the services of a test do while it runs, and whether that fails it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.engine.protocol import Snapshot
from harness.errors import ContainerGoneError, HarnessError, masked
from harness.model.fail_on import FailOn
from harness.observe.faults import Fault, Logged, counts, logged, told
from harness.observe.incidents import Incident, What, was_asked
from harness.observe.reading import run_events
from harness.plan.fail_on import fail_on_of
from harness.plan.lives import Life
from harness.stack.endings import notice_end
from harness.stack.killed import with_reason

if TYPE_CHECKING:
    from harness.stack.lease import Lease
    from harness.stack.yard import Yard


class Conduct:
    """Watches the services of one test.

    What is the test's own is watched since it was ready, also where it was started ahead; what
    others use too, since the test began.

    Attributes:
        ended: When the test's body had ended, in seconds since the epoch; 0 until then.
        spared: The test has not passed: whatever its services do adds nothing to that.
    """

    def __init__(
        self, yard: Yard, lease: Lease, run: FailOn, may_die: Collection[str], began: float
    ) -> None:
        """Begin to watch.

        Args:
            yard: What stacks are made with.
            lease: The services of the test.
            run: What counts where a service says nothing of its own.
            may_die: The services that may die in this test.
            began: When the test began to ask for services, in seconds since the epoch.
        """
        self._yard = yard
        self._lease = lease
        self._run = run
        self._may_die = may_die
        self._began = began
        self._breaks = yard.events.breaks
        self.ended = 0.0
        self.spared = False

    def settle(self) -> None:
        """See that what others use too is known as it is now, before the next test begins."""
        lives = self._lease.held()
        for container, stack in self._lease.placed():
            if lives[stack] is not Life.TEST:
                notice_end(self._yard, container, stack)

    def verdict(self) -> str:
        """Say what services have done so far that fails the test, ``""`` if there is nothing.

        The first time that it is asked, the test's body has just ended.
        """
        if self.spared:
            self.settle()
            return ""
        self.ended = self.ended or time.time()
        if self._yard.events.breaks != self._breaks:
            return ""  # the engine was lost: that is told, and not what came of it
        for container, stack in self._lease.placed():
            notice_end(self._yard, container, stack)
        faults: list[Fault] = [*self._incidents(), *self._logged()]
        if not faults:
            return ""
        places = {f.service: self._yard.project.services[f.service].place for f in faults}
        return told(faults, self.ended, places)

    def _incidents(self) -> Iterator[Incident]:
        """Yield what services did that counts."""
        for stack, life in self._lease.held().items():
            since = 0.0 if life is Life.TEST else self._began
            for incident in self._yard.incidents.of([stack], since):
                if incident.service in self._may_die:
                    continue
                incident = self._as_seen(incident)
                if (
                    incident.at >= since
                    and counts(incident, self._rule(incident.service))
                    and not (life is Life.RUN and self._asked_by_others(incident))
                ):
                    yield incident

    def _rule(self, service: str) -> FailOn:
        return fail_on_of(self._yard.project.services[service], self._run)

    def _asked_by_others(self, incident: Incident) -> bool:
        """Whether the test of another worker did it to a service that all share."""
        journal = self._yard.journal
        if not journal.worker or journal.folder is None:
            return False
        try:
            events = run_events(journal, journal.folder)
        except (OSError, ValueError):
            return False  # another's journal cannot be read
        return was_asked(events, incident)

    def _as_seen(self, incident: Incident) -> Incident:
        """Add what the engine says of a container: when exactly it ended, and of what."""
        try:
            snapshot = self._yard.engine.snapshot(incident.container)
            if incident.what is What.EXIT and not incident.out_of_memory:
                snapshot = with_reason(self._yard.engine, snapshot)
        except ContainerGoneError:
            removed = incident.what is What.EXIT  # it died of that
            return replace(incident, what=What.REMOVED) if removed else incident
        except HarnessError:
            return incident
        return as_seen(incident, snapshot, self._yard.ahead)

    def _logged(self) -> Iterator[Logged]:
        """Yield lines of services' logs that count, one for each container."""
        life_of = self._lease.held()
        for container, stack in self._lease.placed():
            rule = self._rule(container.service)
            if not rule.log:
                continue
            since = self._yard.incidents.ready_since(container.id) or self._began
            if life_of[stack] is not Life.TEST:
                since = max(since, self._began)
            with suppress(HarnessError):  # one that is gone has no log
                since += self._yard.ahead
                log = self._yard.engine.logs(container.id, since=since, timestamps=True)
                if found := logged(container.service, log, rule, since):
                    at = found.at - self._yard.ahead
                    yield replace(found, at=at, text=masked(found.text))


def as_seen(incident: Incident, snapshot: Snapshot, ahead: float = 0.0) -> Incident:
    """Return an incident with what a look at its container adds. Pure.

    The engine's events come some time after what they tell of, and do not say whether a restart
    policy is about to act.
    """
    incident = incident.no_later_than(snapshot.finished_at and snapshot.finished_at - ahead)
    changes: dict[str, object] = {}
    if incident.what is What.EXIT:
        changes["out_of_memory"] = incident.out_of_memory or snapshot.oom_killed
        if snapshot.status == "restarting" or (snapshot.restarts and not snapshot.finished):
            changes["what"] = What.RESTART
    return replace(incident, **changes)  # type: ignore[arg-type]
