"""What a run's services are run by: containers of the Docker Engine, or local processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness.engine.protocol import Composer, Engine, Say
from harness.errors import EngineRefusedError
from harness.lease.run import Run
from harness.lease.subnets import SubnetClaims, ranges_for
from harness.model.project import Project
from harness.plan.swap_choice import swaps_of
from harness.plan.swapping import swapped
from harness.plan.swaps import Swaps
from harness.stack.creator import Creates, Creator

if TYPE_CHECKING:
    from harness.engine.cli import Compose
    from harness.engine.process.composer import ProcessComposer
    from harness.engine.process.engine import ProcessEngine
    from harness.settings import Settings
    from harness.source import Source

Ranges = Sequence[IPv4Network]


class Backend(Protocol):
    """Makes an engine, and what belongs to it."""

    @property
    def uses_docker(self) -> bool:
        """Whether what a run leaves is to be removed from a Docker Engine."""

    def connect(self, run: Run) -> Engine:
        """Return the engine.

        Raises:
            EngineUnavailableError: It does not answer.
        """

    def project(self, project: Project) -> Project:
        """Return a resolved project as far as it means something here."""

    def composer(
        self, engine: Engine, compose: Compose, source: Source, project: Project
    ) -> Composer:
        """Return what makes the engine's containers from compose documents."""

    def creator(
        self, engine: Engine, composer: Composer, subnets: SubnetClaims, project: Project
    ) -> Creates:
        """Return what creates the containers, networks and volumes of stacks."""

    def subnets(self, engine: Engine, chosen: Ranges | None) -> Ranges:
        """Return where networks get their subnets from; empty where the engine is to choose."""


class Docker:
    """Containers."""

    uses_docker = True

    def connect(self, run: Run) -> Engine:
        """Connect to the engine that ``DOCKER_HOST`` or the docker context names."""
        from harness.engine.docker import DockerEngine

        return DockerEngine()

    def project(self, project: Project) -> Project:
        """Return all of it."""
        return project

    def composer(
        self, engine: Engine, compose: Compose, source: Source, project: Project
    ) -> Composer:
        """Return Compose itself."""
        return compose_engine(compose, source)

    def creator(
        self, engine: Engine, composer: Composer, subnets: SubnetClaims, project: Project
    ) -> Creates:
        """Return one that remembers how Compose did it."""
        return Creator(engine, composer, subnets)

    def subnets(self, engine: Engine, chosen: Ranges | None) -> Ranges:
        """Return what the user chose, or what suits the engine's place."""
        return ranges_for(engine.reach.seat) if chosen is None else chosen


class Processes:
    """Processes of this machine, whatever user may start them."""

    uses_docker = False

    def __init__(self, swaps: Swaps, tell: Say) -> None:
        """Take what runs elsewhere, and what shows the user what a process of his own needs."""
        self._swaps = swaps
        self._tell = tell

    def connect(self, run: Run) -> Engine:
        """Return an engine that keeps its notes in the folder of the run."""
        from harness.engine.process.engine import ProcessEngine

        return ProcessEngine(run, self._tell)

    def project(self, project: Project) -> Project:
        """Leave out what only containers have."""
        from harness.plan.as_processes import as_processes

        return swapped(as_processes(project), self._swaps, fronts=False)

    def composer(
        self, engine: Engine, compose: Compose, source: Source, project: Project
    ) -> Composer:
        """Return a composer that has Compose read what it alone can read."""
        from harness.engine.process.engine import ProcessEngine

        assert isinstance(engine, ProcessEngine)
        return process_composer(engine, compose, source, project)

    def creator(
        self, engine: Engine, composer: Composer, subnets: SubnetClaims, project: Project
    ) -> Creates:
        """Return one that leaves all to the composer."""
        return Creator(engine, composer, subnets)

    def subnets(self, engine: Engine, chosen: Ranges | None) -> Ranges:
        """There are no networks."""
        return ()


def backend(settings: Settings, tell: Say) -> Backend:
    """Return what the settings name.

    Args:
        settings: What the user chose.
        tell: Shows the user a text as it is.
    """
    swaps = swaps_of(settings)
    if settings.engine == "process":
        return Processes(swaps, tell)
    if swaps:
        from harness.stack.mixed import Mixed

        return Mixed(swaps, tell)
    return Docker()


def compose_engine(compose: Compose, source: Source) -> Composer:
    """Return what carries out compose documents with containers."""
    from harness.engine.compose import ComposeEngine
    from harness.engine.config import project_directory

    # what Compose itself reads late (build arguments, an env_file's references) sees all of them
    env_files = dict.fromkeys(file for group in source.groups for file in group.env_files)
    return ComposeEngine(compose, project_directory(source), tuple(env_files))


def process_composer(
    engine: ProcessEngine, compose: Compose, source: Source, project: Project
) -> ProcessComposer:
    """Return what carries out compose documents with processes."""
    from harness.engine.process.composer import ProcessComposer

    def read(name: str, file: Path, services: Sequence[str]) -> Mapping[str, Any]:
        return _resolved(compose, name, file, source)

    def directory(service: str) -> Path:
        return source.group_of(service).directory

    return ProcessComposer(
        engine.store, engine.claims, project, directory, read, compose_engine(compose, source)
    )


def _resolved(compose: Compose, name: str, file: Path, source: Source) -> Mapping[str, Any]:
    """Have Compose read the files of variables that a stack's document names."""
    from harness.engine.config import last_words, project_directory, read

    env_files = dict.fromkeys(file for group in source.groups for file in group.env_files)
    words = ["-p", name, "--project-directory", str(project_directory(source)), "-f", str(file)]
    for env_file in env_files or [Path("/dev/null")]:
        words += ["--env-file", str(env_file)]
    done = compose.run([*words, "config"])
    if done.code:
        raise EngineRefusedError(last_words(done))
    return read(done.out)
