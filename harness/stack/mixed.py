"""Containers, and beside them services that are swapped for something else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from harness.engine.mixed.engine import MixedEngine
from harness.engine.process.composer import ProcessComposer
from harness.engine.process.store import Made as MadeProcess
from harness.engine.process.store import is_process
from harness.engine.protocol import Composer, Engine, Made, Say
from harness.engine.reach import Seat
from harness.errors import ContainerGoneError, SettingError
from harness.lease.labels import STACK
from harness.lease.run import Run
from harness.lease.subnets import SubnetClaims
from harness.model.project import Project
from harness.plan.addresses import Address
from harness.plan.beside import Beside, containers_document
from harness.plan.publishing import published_for
from harness.plan.swapping import swapped
from harness.plan.swaps import How, Swaps, front_network, is_front, is_loopback, swap_of
from harness.stack.backend import Docker, compose_engine, process_composer
from harness.stack.creator import Creates, Creator

if TYPE_CHECKING:
    from harness.engine.cli import Compose
    from harness.source import Source


class Mixed(Docker):
    """Containers, with some services swapped."""

    def __init__(self, swaps: Swaps, tell: Say) -> None:
        """Take what is swapped, and what shows the user what a process of his own needs."""
        self._swaps = swaps
        self._tell = tell

    def connect(self, run: Run) -> Engine:
        """Connect to the engine of the containers."""
        return MixedEngine(super().connect(run), run, self._tell)

    def project(self, project: Project) -> Project:
        """Return it with the services swapped, and what these need of others published."""
        return published_for(swapped(project, self._swaps, fronts=True))

    def composer(
        self, engine: Engine, compose: Compose, source: Source, project: Project
    ) -> Composer:
        """Return a composer for both.

        Raises:
            SettingError: Containers of this engine could not reach what is started here.
        """
        assert isinstance(engine, MixedEngine)
        check_seat(engine.reach.seat, self._swaps)
        return MixedComposer(
            compose_engine(compose, source),
            process_composer(engine.processes, compose, source, project),
        )

    def creator(
        self, engine: Engine, composer: Composer, subnets: SubnetClaims, project: Project
    ) -> Creates:
        """Return a creator for both."""
        assert isinstance(engine, MixedEngine)
        assert isinstance(composer, MixedComposer)
        containers = Creator(engine.docker, composer.containers, subnets)
        return MixedCreator(engine, containers, composer.processes, project)


class MixedComposer:
    """Compose for containers; what is made of the rest is the creator's business."""

    def __init__(self, containers: Composer, processes: ProcessComposer) -> None:
        self.containers = containers
        self.processes = processes

    @property
    def version(self) -> str:
        """The version of Compose."""
        return self.containers.version

    def create(self, project: str, file: Path, services: Sequence[str]) -> None:
        """Create containers."""
        self.containers.create(project, file, services)

    def up(self, project: str, file: Path, service: str, timeout: float) -> NoReturn:
        """Refuse: Compose would have to know of services that it cannot start."""
        raise SettingError(
            f"service {service!r} has keys that only Compose carries out (`provider`, `models` "
            f"and what is newer than the harness): beside services that are swapped "
            f"({', '.join(how.option for how in How)}) there is no such thing. Run these tests "
            f"without."
        )

    def up_and_wait(
        self, project: str, file: Path, services: Sequence[str], timeout: float
    ) -> NoReturn:
        """Refuse, likewise: the settings do not go together."""
        self.up(project, file, services[0], timeout)

    def build(self, project: str, file: Path, services: Sequence[str], say: Say) -> None:
        """Build the images of containers."""
        self.containers.build(project, file, services, say)

    def pull(self, project: str, file: Path, services: Sequence[str], say: Say) -> None:
        """Pull the images of containers."""
        self.containers.pull(project, file, services, say)


class MixedCreator:
    """Creates what is swapped first, as containers have to know where it is."""

    def __init__(
        self,
        engine: MixedEngine,
        containers: Creator,
        processes: ProcessComposer,
        project: Project,
    ) -> None:
        self._engine = engine
        self._containers = containers
        self._processes = processes
        self._project = project

    def expect(self, project: str) -> None:
        """Reckon with what other processes have made of a stack."""
        self._containers.expect(project)

    def prepare(self, project: str, labels: Mapping[str, str], document: Mapping[str, Any]) -> Made:
        """Create the networks and volumes of a stack, those of fronts too."""
        return self._containers.prepare(project, labels, document)

    def create(
        self,
        project: str,
        labels: Mapping[str, str],
        file: Path,
        document: Mapping[str, Any],
        services: Sequence[str],
        elsewhere: Mapping[str, str],
    ) -> None:
        """Create what services need, and start nothing. What exists already stays as it is.

        Args:
            project: The name of the stack.
            labels: The stack's own labels.
            file: Where the document stands as JSON.
            document: The compose document of the stack.
            services: The services to create, dependencies first.
            elsewhere: What longer-lived stacks have that they use: ids by services.

        Raises:
            EngineRefusedError: Compose or the engine refused. What was made has the labels.
            SettingError: A service cannot be swapped so, or a container cannot find one that is.
        """
        swapped = [name for name in services if swap_of(self._project.services[name])]
        if swapped:
            self.prepare(project, labels, document)
            fronts = self._fronts(project, swapped)
            self._processes.create_behind(project, file, swapped, fronts)
        containers = [name for name in services if name not in swapped]
        if containers:
            out = {name for name in document["services"] if swap_of(self._project.services[name])}
            whole = containers_document(document, out, self._beside(project, elsewhere))
            beside = file.with_suffix(".containers.json")
            beside.touch(mode=0o600)
            beside.write_text(json.dumps(whole))
            self._containers.create(project, labels, beside, whole, containers, elsewhere)

    def _fronts(self, project: str, swapped: Iterable[str]) -> dict[str, str]:
        """Return the address that stands for each service, where containers could reach it."""
        if self._engine.reach.seat is not Seat.MACHINE:
            return {}
        gateways = self._engine.gateways({STACK: project})
        return {
            name: gateways[front_network(name)]
            for name in swapped
            if front_network(name) in gateways
        }

    def _beside(self, project: str, elsewhere: Mapping[str, str]) -> Iterator[Beside]:
        """Yield what containers of a stack may reach that is none."""
        store = self._engine.processes.store
        for made in store.find({STACK: project}):
            if made.number == 1 and not made.forwards:
                yield self._seen(made)
        for id_ in elsewhere.values():
            if is_process(id_):
                try:
                    yield self._seen(store.made(id_))
                except ContainerGoneError:
                    continue

    def _seen(self, made: MadeProcess) -> Beside:
        networks = self._project.services[made.service].networks
        return Beside(
            made.service,
            made.names,
            frozenset(network for network in networks if not is_front(network)),
            made.front,
            tuple(inside for inside, _ in made.ports),
            Address(made.host, made.ports[0][1], made.scheme) if made.how == How.REMOTE else None,
        )


def check_seat(seat: Seat, swaps: Swaps) -> None:
    """See that containers can reach what runs beside them.

    Raises:
        SettingError: They cannot.
    """
    if seat is Seat.MACHINE:
        return
    for name, how in swaps.hows.items():
        if how is not How.REMOTE or is_loopback(swaps.places[name].host):
            raise SettingError(
                f"{how.option} {name}: containers would have to reach what runs here, and the "
                f"tests run {seat.value}, not on the machine of the engine. Run them there, or "
                f"run all services as processes: --harness-engine=process."
            )
