"""Putting the state of a running stack back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.errors import HarnessError, ResetError
from harness.model.project import Service
from harness.observe.event import Kind
from harness.plan.order import holding_on
from harness.plan.ready import ready_of
from harness.plan.resets import check_replaceable, removed_by_others, replaced_with_fixtures
from harness.plan.swaps import is_ours, seen_otherwise
from harness.services.base import technology_of

if TYPE_CHECKING:
    from harness.services.base import Technology
    from harness.stack.stack import Stack
    from harness.stack.yard import Yard

# Seconds in which a service that lost its connections must answer again, or be replaced.
_RECOVERY = 3.0


@dataclass(slots=True)
class Disturbed:
    """Who may have lost connections when state was put back.

    Attributes:
        addresses: Addresses of clients whose connections were cut.
        replaced: The services with new containers, each with the name of its stack.
        renewed: The id of each new container, by that of the one that it replaces.
    """

    addresses: set[str] = field(default_factory=set)
    replaced: set[tuple[str, str]] = field(default_factory=set)
    renewed: dict[str, str] = field(default_factory=dict)


class Resetter:
    """Puts the services of one stack back to the state before a test.

    That is the state after the longer-lived fixtures have run. Each such fixture that ends
    sooner than the stack opens a *level* of the services that it uses: their state is remembered
    on top of the one before, and returned to when the fixture has ended.
    """

    def __init__(self, yard: Yard, stack: Stack) -> None:
        self._yard = yard
        self._stack = stack
        self._technologies: dict[str, Technology] = {}
        self._known: set[str] = set()
        self._levels: Counter[str] = Counter()
        self._floors: Counter[str] = Counter()
        self._saved: dict[str, int] = {}
        self._wide: dict[str, set[str]] = {}

    def save(self, names: Iterable[str]) -> None:
        """Remember the state of services, where that has not been done since a fixture ran.

        Raises:
            HarnessError: It cannot be read, or a service cannot be put back.
        """
        disturbed = Disturbed()
        for service in self._with_state(names):
            name, technology = service.name, self._technology(service)
            if technology and self._saved.get(name, -1) < self._levels[name]:
                disturbed.addresses |= technology.save(self._levels[name])
                self._saved[name] = self._levels[name]
            elif not technology and service.reset is None and name in self._wide:
                self._yard.warn_once(replaced_with_fixtures(service, self._wide.pop(name)))
        self.recover(disturbed)

    @contextmanager
    def told(self, names: Iterable[str], disturbed: Disturbed) -> Iterator[None]:
        """Enter into the journal that state is put back, as long as the context lasts."""
        with self._yard.journal.span(
            Kind.STACK_RESET, stack=self._stack.name, services=sorted(names)
        ) as told:
            yield
            told["replaced"] = sorted(
                name for stack, name in disturbed.replaced if stack == self._stack.name
            )

    def reset(self, names: Iterable[str], disturbed: Disturbed) -> None:
        """Put the state of services back, dependencies first.

        Args:
            names: The services.
            disturbed: Takes who may have lost connections: ``recover`` looks after them.

        Raises:
            HarnessError: It cannot be put back.
        """
        gone = self._stack.revive()
        self.renew(gone, disturbed)
        for service in self._with_state(set(names) - set(gone)):
            if technology := self._technology(service):
                if service.name in self._saved:
                    disturbed.addresses |= technology.restore(self._levels[service.name])
            elif service.reset is None:
                self._replace(service, disturbed)
            elif service.reset:
                self._run(service, service.reset)

    def renew(self, names: Iterable[str], disturbed: Disturbed) -> None:
        """Make services anew whose containers somebody removed.

        Args:
            names: The services.
            disturbed: Takes who may have lost connections: ``recover`` looks after them.

        Raises:
            HarnessError: One could not be made anew.
        """
        for name in names:
            service = self._yard.project.services[name]
            self._yard.warn_once(removed_by_others(service, self._wide.pop(name, ())))
            self._replace(service, disturbed)

    def recover(self, disturbed: Disturbed) -> None:
        """See that services which lost their connections answer; replace those that do not.

        Raises:
            HarnessError: One could not be replaced.
        """
        seen: set[str] = set()
        while lost := self._lost(disturbed) - seen:
            for service in self._services(lost):
                seen.add(service.name)
                if not self._answers(service):
                    self._replace(service, disturbed)

    def _answers(self, service: Service) -> bool:
        try:
            return self._stack.answers(service.name, _RECOVERY)
        except HarnessError:
            return False  # what it said is in its log; the new one is waited for with all patience

    def changed_by(self, fixture: str, names: Iterable[str], lasts: bool) -> bool:
        """A fixture of a wider scope is about to use services.

        Args:
            fixture: Its name.
            names: The services.
            lasts: Whether it lasts as long as the stack.

        Returns:
            Whether ``ended`` is to be called when it has ended.

        Raises:
            HarnessError: The state before it cannot be remembered.
        """
        used = [service.name for service in self._services(names)]
        for name in used:
            self._wide.setdefault(name, set()).add(f"the fixture {fixture!r}")
        if not lasts:
            self.save(used)
            self._levels.update(used)
            return True
        self._remember_anew(used)
        return False

    def grown(self, names: Iterable[str]) -> None:
        """Services have joined, before a test: what they did to those that they depend on stays.

        A job that makes a schema, for one, is not done again.
        """
        new = {*names}
        below = {s.name for s in self._yard.project.closure(new)} - new if new else set()
        self._remember_anew(service.name for service in self._services(below))

    def _remember_anew(self, names: Iterable[str]) -> None:
        for name in names:
            # what was done stays, also when fixtures inside of it have ended
            self._floors[name] = self._levels[name]
            if self._saved.get(name) == self._levels[name]:
                self._saved[name] -= 1

    def ended(self, names: Iterable[str]) -> None:
        """The fixture of the innermost level of services has ended: return to the state before it.

        Raises:
            HarnessError: It cannot be put back.
        """
        below = []
        for service in self._services(names):
            name = service.name
            self._levels[name] -= 1
            if self._levels[name] < self._floors[name]:
                self._floors[name] = self._levels[name]
                self._saved.pop(name, None)  # a fixture that lasts ran inside: remember anew
                continue
            below.append(name)
            if self._saved.get(name, -1) > self._levels[name]:
                self._technologies[name].forget(self._levels[name] + 1)
                self._saved[name] = self._levels[name]
        disturbed = Disturbed()
        self.reset(below, disturbed)
        self.recover(disturbed)

    def close(self) -> None:
        """Close what was opened."""
        for technology in self._technologies.values():
            technology.close()
        self._technologies.clear()
        self._known.clear()
        self._saved.clear()

    def _services(self, names: Iterable[str]) -> Iterable[Service]:
        """Return the services of these names that are up, dependencies first."""
        wanted = {*names}
        return [
            self._yard.project.services[name] for name in self._stack.services if name in wanted
        ]

    def _with_state(self, names: Iterable[str]) -> Iterable[Service]:
        return [service for service in self._services(names) if not self._ends(service)]

    def _technology(self, service: Service) -> Technology | None:
        """Return what knows how to put a service back, where its compose file says nothing."""
        if service.reset is not None:
            return None
        if service.name not in self._known:
            containers = self._stack.containers(service.name)
            one = containers[0].id if len(containers) == 1 else ""
            technology = technology_of(self._yard.engine, one) if one else None
            if technology is None:
                check_replaceable(self._yard.project, service)
            else:
                self._technologies[service.name] = technology
            self._known.add(service.name)
        return self._technologies.get(service.name)

    def _run(self, service: Service, command: tuple[str, ...]) -> None:
        for container in self._stack.containers(service.name):
            result = container.exec(command)
            if result.exit_code != 0:
                raise ResetError(
                    f"{service.called} could not be reset: `{' '.join(command)}` ended with exit "
                    f"code {result.exit_code}: {result.output.strip() or 'it wrote nothing'}. "
                    f"Mend the command below `x-harness: {{reset: …}}`."
                )

    def _replace(self, service: Service, disturbed: Disturbed) -> None:
        """Replace a service, and run again what prepares it."""
        with self._yard.journal.span(
            Kind.SERVICE_REPLACE, stack=self._stack.name, service=service.name
        ):
            self._renew(service.name, disturbed)
        for job in self._services(self._dependents(service.name)):
            if self._ends(job):
                self._renew(job.name, disturbed)

    def _renew(self, name: str, disturbed: Disturbed) -> None:
        if technology := self._technologies.pop(name, None):
            technology.close()  # it knew the container that goes
        self._known.discard(name)
        self._saved.pop(name, None)
        disturbed.renewed |= self._stack.replace(name)
        disturbed.replaced.add((self._stack.name, name))

    def _lost(self, disturbed: Disturbed) -> set[str]:
        """Return the services of this stack that may have lost connections."""
        mine = {*self._stack.services}
        anew = {name for stack, name in disturbed.replaced if stack == self._stack.name}
        gone = anew | {name for _, name in disturbed.replaced if name not in mine}
        lost = set[str]().union(*(self._dependents(name) for name in gone))
        lost |= self._clients(disturbed.addresses)
        found = [self._yard.project.services[name] for name in lost - anew]
        return {s.name for s in found if is_ours(s) and not self._ends(s)}

    def _ends(self, service: Service) -> bool:
        """Whether a service does something once, and has no state of its own."""
        asked = ready_of(service).exit_code is not None
        one_shot = asked or service.name in self._yard.project.one_shots
        return one_shot or self._stack.is_done(service.name)

    def _dependents(self, name: str) -> set[str]:
        """Return the services that are up and depend on one, and were not made anew with it."""
        up = [self._yard.project.services[n] for n in self._stack.services]
        new = holding_on(up, name)
        return {s.name for s in up if name in {d.service for d in s.dependencies}} - new

    def _clients(self, addresses: Iterable[str]) -> set[str]:
        """Return the services whose containers have these addresses, or could have had them."""
        wanted = {*addresses}
        hidden = seen_otherwise(self._yard.project, self._stack.services) if wanted else set()
        return hidden | {
            name
            for name in (self._stack.services if wanted else ())
            for container in self._stack.containers(name)
            if wanted & set(container.addresses)
        }
