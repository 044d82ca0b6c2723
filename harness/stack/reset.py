"""Putting the state of a running stack back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.errors import HarnessError, ResetError
from harness.model.project import Service
from harness.plan.order import holding_on
from harness.plan.ready import ready_of
from harness.plan.resets import check_replaceable, replaced_with_fixtures
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
        dependents: Services whose dependency was replaced.
    """

    addresses: set[str] = field(default_factory=set)
    dependents: set[str] = field(default_factory=set)

    def add(self, other: Disturbed) -> None:
        """Take in what another stack's reset has disturbed."""
        self.addresses |= other.addresses
        self.dependents |= other.dependents


class Resetter:
    """Puts the services of one stack back to the state before a test.

    That is the state after the longer-lived fixtures have run. Each such fixture that ends
    sooner than the stack opens a *level*: its state is remembered on top of the one before, and
    returned to when the fixture has ended.
    """

    def __init__(self, yard: Yard, stack: Stack) -> None:
        self.replaced: set[str] = set()
        self._yard = yard
        self._stack = stack
        self._technologies: dict[str, Technology] = {}
        self._known: set[str] = set()
        self._level = 0
        self._floor = 0
        self._saved: dict[str, int] = {}
        self._wide: dict[str, set[str]] = {}

    def save(self, names: Iterable[str]) -> None:
        """Remember the state of services, where that has not been done since a fixture ran.

        Raises:
            HarnessError: It cannot be read, or a service cannot be put back.
        """
        cut: set[str] = set()
        for service in self._with_state(names):
            technology = self._technology(service)
            if technology and self._saved.get(service.name, -1) < self._level:
                cut |= technology.save(self._level)
                self._saved[service.name] = self._level
            elif not technology and service.reset is None and service.name in self._wide:
                self._yard.warn_once(replaced_with_fixtures(service, self._wide.pop(service.name)))
        self.recover(Disturbed(addresses=cut))

    def reset(self, names: Iterable[str]) -> Disturbed:
        """Put the state of services back, dependencies first.

        Returns:
            Who may have lost connections: ``recover`` looks after them.

        Raises:
            HarnessError: It cannot be put back.
        """
        self._stack.revive()
        disturbed = Disturbed()
        for service in self._with_state(names):
            if technology := self._technology(service):
                disturbed.addresses |= technology.restore(self._level)
            elif service.reset is None:
                disturbed.dependents |= self._replace(service)
                disturbed.dependents.discard(service.name)
            elif service.reset:
                self._run(service, service.reset)
        return disturbed

    def recover(self, disturbed: Disturbed) -> None:
        """See that services which lost their connections answer; replace those that do not.

        Raises:
            HarnessError: One could not be replaced.
        """
        lost = disturbed.dependents | self._clients(disturbed.addresses)
        for service in self._services(lost):
            try:
                if self._stack.answers(service.name, _RECOVERY):
                    continue
            except HarnessError:
                pass  # its own words are in its log; the new one is waited for with all patience
            self._replace(service)

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
        services = [*self._services(names)]
        for service in services:
            self._wide.setdefault(service.name, set()).add(f"the fixture {fixture!r}")
        if lasts:
            self._floor = self._level  # what it does stays, also when inner fixtures have ended
        else:
            self.save(s.name for s in services)
            self._level += 1
        for service in services:
            if self._saved.get(service.name) == self._level:
                self._saved[service.name] = self._level - 1  # to be remembered anew
        return not lasts

    def ended(self, names: Iterable[str]) -> None:
        """The fixture of the innermost level has ended: return to the state before it.

        Raises:
            HarnessError: It cannot be put back.
        """
        self._level -= 1
        if self._level < self._floor:
            self._floor = self._level
            self._saved = dict.fromkeys(self._saved, self._level - 1)
            return
        for name, level in self._saved.items():
            if level > self._level:
                self._technologies[name].forget(self._level + 1)
                self._saved[name] = self._level
        self.recover(self.reset(names))

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

    def _replace(self, service: Service) -> set[str]:
        """Replace a service, and run again what prepares it; return who depends on these."""
        self.replaced.add(service.name)
        self._stack.replace(service.name)
        disturbed = self._dependents(service.name)
        for job in self._services(disturbed):
            if self._ends(job):
                self._stack.replace(job.name)
                disturbed |= self._dependents(job.name)
        return {name for name in disturbed if not self._ends(self._yard.project.services[name])}

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
        """Return the services whose containers have these addresses."""
        wanted = {*addresses}
        return {
            name
            for name in (self._stack.services if wanted else ())
            for container in self._stack.containers(name)
            if wanted & set(container.addresses)
        }
