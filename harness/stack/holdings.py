"""What a stack holds while it lives: host ports, subnets, and turns at what is only there once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from harness.lease.turns import take_turns
from harness.model.project import Service
from harness.plan.elsewhere import Elsewhere
from harness.plan.subnets import room_wanted
from harness.plan.turns import exclusive
from harness.stack.yard import Yard


class Holdings:
    """What one stack holds, so that no other has it."""

    def __init__(self, yard: Yard, stack: str) -> None:
        self._yard = yard
        self._stack = stack
        self._ports: dict[str, list[int | None]] = {}
        self._turns = ExitStack()
        self._held: set[str] = set()

    @property
    def takes_turns(self) -> bool:
        """Whether it holds something that only one stack can have."""
        return bool(self._held)

    @property
    def ports(self) -> Mapping[str, Sequence[int | None]]:
        """The host ports chosen for each service, parallel to those that it declares."""
        return self._ports

    def take_turns(self, services: Sequence[Service], elsewhere: Elsewhere) -> None:
        """Wait until the stack can have what only one can have.

        Raises:
            TurnTimeoutError: Somebody else kept it for too long.
        """
        single = exclusive(self._yard.project, services, elsewhere)
        wanted = [resource for resource in single if resource not in self._held]
        self._turns.enter_context(take_turns(wanted, self._stack, self._yard.turn_timeout))
        self._held.update(wanted)

    def choose_ports(self, service: Service) -> None:
        """Claim a host port for each published one; replicas share a spec, so the engine picks."""
        if service.fixed or service.name in self._ports:
            return
        alone = service.replicas == 1
        self._ports[service.name] = [
            self._yard.claims.claim(self._yard.engine.reach.publish_ip) if alone else None
            for _ in service.ports
        ]

    def know_ports(self, service: str, ports: list[int | None]) -> None:
        """Take note of ports that another process has chosen, unless some are chosen here."""
        self._ports.setdefault(service, ports)

    def forget_ports(self, service: str) -> None:
        """Let ports be chosen anew."""
        self._release(self._ports.pop(service, []))

    def other_ports(self, service: Service) -> None:
        """Choose others: somebody took a port between our choice and its use."""
        taken = self._ports.pop(service.name)
        self._yard.claims.move_on()
        self.choose_ports(service)
        self._release(taken)

    def host_ports(self, service: Service) -> Sequence[int | None]:
        """Return the host ports of a service, parallel to those that it declares."""
        fixed = [int(p.published) if p.published.isdigit() else None for p in service.ports]
        return self._ports.get(service.name, fixed)

    def subnets(self, services: Sequence[Service], elsewhere: Elsewhere) -> Mapping[str, str]:
        """Claim a subnet for each network that the stack makes; return them by the network."""
        wanted = room_wanted(self._yard.project, services)
        own = {name: room for name, room in wanted.items() if name not in elsewhere.networks}
        return self._yard.subnets.claim(self._stack, own)

    def release(self) -> None:
        """Give everything back."""
        for ports in self._ports.values():
            self._release(ports)
        self._ports.clear()
        self._yard.subnets.release(self._stack)
        self._turns.close()
        self._held.clear()

    def _release(self, ports: Sequence[int | None]) -> None:
        self._yard.claims.release(port for port in ports if port is not None)
