"""What every stack of a run is made with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

from harness.engine.dotenv import dotenv_values
from harness.engine.find import find_compose
from harness.engine.protocol import Composer, Engine, Events, Say
from harness.engine.reach import Seat
from harness.engine.resolve import resolve
from harness.errors import ComposeFileError, masked
from harness.lease.labels import RUN
from harness.lease.ports import PortClaims
from harness.lease.run import Run
from harness.lease.subnets import SubnetClaims, used_by_host
from harness.lease.sweep import sweep
from harness.model.project import Project, Service
from harness.observe.containers import ContainerEvents
from harness.observe.event import Kind
from harness.observe.incidents import IncidentReader
from harness.observe.journal import Journal
from harness.observe.project import told_project
from harness.plan.checks import (
    check_dependencies,
    check_env_files,
    check_references,
    check_sense,
    written_to,
)
from harness.plan.elsewhere import Elsewhere
from harness.plan.exposure import exposed
from harness.plan.extension import (
    check_extension,
    check_project_extensions,
    check_resolved_extension,
)
from harness.plan.subnets import fixed_subnets
from harness.plan.swaps import runs_here
from harness.plan.turns import exclusive
from harness.plan.variables import check_variables, find_unset
from harness.settings import Settings
from harness.source.paths import shown
from harness.source.reader import changed
from harness.stack.abreast import Abreast
from harness.stack.backend import Ranges, backend
from harness.stack.creator import Creates
from harness.stack.images import Images
from harness.stack.mains import Mains
from harness.stack.outage import Outage

if TYPE_CHECKING:
    from harness.engine.cli import Compose
    from harness.source import Source


@dataclass(frozen=True, slots=True)
class Yard:
    """What every stack of a run is made with.

    Attributes:
        source: The compose files as written.
        project: The compose project as Compose resolved it.
        engine: What runs containers.
        events: What happens to the containers of this run.
        composer: What carries out compose files.
        images: The images of the project.
        creator: What creates the containers, networks and volumes of stacks.
        claims: The host ports that this process holds.
        subnets: The subnets that this process holds.
        folder: Where the compose files of stacks are written; it goes with the run.
        run: The run that this process is a part of; its id is in every label.
        timeout: Seconds that a service may take to get ready.
        warn: Shows the user a warning.
        journal: Takes what happens.
        watch: Knows which containers are to end.
        incidents: What services did that nobody asked them for.
        mains: Says at once whether a container runs.
        ahead: Seconds that the engine's clock is ahead of this machine's.
        faithful: Whether Compose starts the services, in its own way.
        turn_timeout: Seconds to wait for what another stack holds.
        outage: Waits for an engine that went away.
    """

    source: Source
    project: Project
    engine: Engine
    events: Events
    composer: Composer
    images: Images
    creator: Creates
    claims: PortClaims
    subnets: SubnetClaims
    folder: Path
    run: Run
    timeout: float
    warn: Say
    journal: Journal
    watch: ContainerEvents
    incidents: IncidentReader
    mains: Mains
    ahead: float = 0.0
    faithful: bool = False
    turn_timeout: float = 600.0
    outage: Outage = field(init=False)
    _warned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        object.__setattr__(self, "outage", Outage(self.engine, self.events))

    def check(self, services: Sequence[Service], *, tell: bool = True) -> None:
        """Check services before they are started, and warn of what may surprise, once.

        Args:
            services: The services.
            tell: Whether to warn now; the next check warns otherwise.

        Raises:
            MissingVariableError: A variable has no value, and a service cannot do without it.
            ComposeFileError: A file of variables is not there, a service names a volume,
                network, config, secret or service that no file defines, or what it says of
                itself can come to nothing.
            SettingError: An ``x-harness`` makes no sense once its variables have values.
        """
        findings = find_unset(self.source, self.project, [*filter(runs_here, services)])
        check_variables(findings)
        check_references(self.project, services)
        check_sense(services)
        for service in services:
            check_resolved_extension(service)
        check_env_files(services, lambda path: Path(path).exists())
        reach = self.engine.reach
        warnings = (
            reach.doubt,
            *findings.warnings,
            *written_to(self.project, services),
            *exposed(self.project, services, reach.publish_ip),
        )
        for warning in filter(None, warnings if tell else ()):
            self.warn_once(warning)

    def can_start_ahead(self, services: Iterable[str], elsewhere: Elsewhere) -> bool:
        """Whether services can be started while another test runs, and nothing has to be said.

        Raises:
            HarnessError: They cannot be started at all.
        """
        wanted = [self.project.services[name] for name in services]
        self.check(wanted, tell=False)
        return not exclusive(self.project, wanted, elsewhere) and self.images.are_here(wanted)

    def warn_once(self, warning: str) -> None:
        """Warn, unless that has been said in this run."""
        if warning not in self._warned:
            self.warn(warning)  # it may raise: then it is told to the next test as well
            self._warned.add(warning)

    def close(self) -> None:
        """Give back ports, subnets and connections."""
        self.claims.close()
        self.events.close()
        self.subnets.close()
        self.engine.close()


def open_yard(
    settings: Settings,
    source: Source,
    warn: Callable[[str], None],
    run: Run,
    journal: Journal,
    tell: Say,
) -> Yard:
    """Check the compose files, find Compose and the engine, and resolve the project.

    When this returns, a reaper watches over the run.

    Args:
        settings: What the user chose.
        source: The compose files as written.
        warn: Shows a warning.
        run: The run.
        journal: Takes what happens.
        tell: Shows what the user must see, as it is.

    Raises:
        HarnessError: One of these failed.
    """
    for service in source.services.values():
        check_extension(service)
    check_dependencies(source)
    by = backend(settings, tell)
    first = run.join(uses=by.uses_docker)
    # The thread that connects imports the SDK. This one imports nothing meanwhile: a signal that
    # comes while two threads import may be swallowed, and leave the other one waiting for ever
    # (seen with CPython 3.11: the callback that forgets a module's lock is interrupted).
    watched = Abreast(run.ensure_watched)
    connecting = Abreast(
        lambda: by.connect(run)
    )  # an engine that does not answer is told after Compose's errors
    try:
        with journal.span(Kind.RUN_PHASE, name="find Compose"):
            compose = find_compose(run.mark)
        folder = run.own_folder
        with journal.span(Kind.RUN_PHASE, name="resolve the project"):
            project = by.project(_resolve(compose, source, folder))
        with journal.span(Kind.RUN_PHASE, name="connect to the engine"):
            engine = connecting.result()
            watched.result()
    except BaseException:
        connecting.abandon(lambda engine: engine.close())
        watched.wait()
        with run.leave():
            pass
        raise
    if first:
        with journal.span(Kind.RUN_PHASE, name="sweep"):
            sweep(engine, lambda text: journal.tell(Kind.NOTE, text=masked(text)))
    incidents = IncidentReader()
    journal.subscribe(incidents.read, incidents.KINDS)
    journal.tell(Kind.PROJECT, services=told_project(project))
    composer = by.composer(engine, compose, source, project)
    ranges = by.subnets(engine, settings.subnets)
    subnets = _subnets(ranges, settings, engine, project)
    creator = by.creator(engine, composer, subnets, project)
    ahead = engine.clock_ahead()
    watch = ContainerEvents(journal, {run.id, run.kept_name}, ahead)
    events = engine.watch({RUN: ""})  # what was kept, too
    events.subscribe(watch.take)
    return Yard(
        source=source,
        project=project,
        engine=engine,
        events=events,
        composer=composer,
        images=Images(project, engine, composer, settings.root, folder, settings.build, journal),
        creator=creator,
        claims=PortClaims(),
        subnets=subnets,
        folder=folder,
        run=run,
        timeout=settings.timeout,
        warn=warn,
        journal=journal,
        watch=watch,
        incidents=incidents,
        mains=Mains(engine.reach),
        ahead=ahead,
        faithful=settings.faithful,
    )


def _resolve(compose: Compose, source: Source, folder: Path) -> Project:
    """Return the project as Compose resolves it, with what is to be had from ``.env`` files."""
    project = resolve(compose, source, folder)
    if files := changed(source.contents):
        raise ComposeFileError(
            f"{', '.join(map(shown, files))} changed after the tests were collected: markers and "
            f"fixtures are those of the old content, and workers may have read different ones. "
            f"Run again."
        )
    check_project_extensions(project)
    return replace(project, dotenv=dotenv_values(compose, source, project, folder))


def _subnets(ranges: Ranges, settings: Settings, engine: Engine, project: Project) -> SubnetClaims:
    """Return the claims of subnets; of none where the engine is to choose."""

    def taken() -> list[IPv4Network]:
        elsewhere = engine.reach.seat is Seat.ELSEWHERE
        routes = [] if elsewhere else used_by_host(settings.subnets)
        return [*routes, *engine.subnets(), *fixed_subnets(project)]

    return SubnetClaims(ranges, taken)
