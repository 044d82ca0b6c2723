"""Makes one project of the selected files: overrides, includes and extended services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import ComposeFileError
from harness.source import merge
from harness.source.paths import shown
from harness.source.reader import followable, included
from harness.source.select import arrange
from harness.source.types import FileGroup, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.source.peek import Document, PeekedService
    from harness.source.reader import Reader
    from harness.source.select import Selection
    from harness.source.types import Variable

    Services = Mapping[str, PeekedService]


def assemble(root: Path, selection: Selection, reader: Reader) -> Source:
    """Return what the selected files say together.

    Raises:
        ComposeFileError: a file cannot be read, or none defines a service.
        DuplicateServiceError: two of them define the same service.
    """
    assembly = _Assembly(reader)
    groups: list[FileGroup] = []
    units: list[Services] = []
    for directory in dict.fromkeys(path.parent for path in selection.files):
        arranged = arrange([path for path in selection.files if path.parent == directory])
        units.extend(assembly.merged(unit, directory) for unit in arranged)
        files = tuple(path for unit in arranged for path in unit)
        groups.append(FileGroup(directory, files, _env_files(root, directory)))
    services = merge.join(units)
    if not services and assembly.complete:
        raise ComposeFileError(_no_services(assembly.members))
    return Source(
        root=root,
        groups=tuple(groups),
        services={name: merge.finish(service) for name, service in services.items()},
        variables=(*assembly.outside, *assembly.neighbours()),
        left_out=selection.left_out,
        complete=assembly.complete,
        contents=reader.contents,
    )


class _Assembly:
    """Merges files as Compose does, and keeps what belongs to no service.

    ``members`` are the files read, those reached over ``include`` among them; ``outside`` are
    the variables outside services, and those of services that a later file removes;
    ``complete`` is false once an ``include`` could not be followed.
    """

    def __init__(self, reader: Reader) -> None:
        self.members: dict[Path, None] = {}
        self.outside: list[Variable] = []
        self.complete = True
        self._reader = reader
        self._extended: dict[Path, set[str]] = {}

    def merged(
        self, files: Sequence[Path], directory: Path, above: tuple[Path, ...] = ()
    ) -> Services:
        """Return the services of files that are laid one on the other."""
        services: dict[str, PeekedService] = {}
        above = (*above, *files)
        for file in files:
            new = file not in self.members
            self.members[file] = None
            for document in self._reader.documents(file):
                own = {
                    name: self._inherited(file, service, document.services, directory)
                    for name, service in document.services.items()
                }
                # The including file has the last word on a service that it includes.
                services, _ = merge.lay(services, self._included(document, directory, above))
                services, removed = merge.lay(services, own, document.services_tag)
                if new:
                    self.outside += [*document.variables, *removed]
        return services

    def neighbours(self) -> Iterator[Variable]:
        """Yield the variables of files that are only extended, save those of what is extended.

        Compose interpolates the whole of such a file, whoever needs it.
        """
        for file, extended in self._extended.items():
            for document in self._reader.documents(file) if file not in self.members else ():
                yield from document.variables
                for name, service in document.services.items():
                    # A service of the project may have the same name, and is not meant.
                    foreign = f"{name} ({shown(file)})"
                    for variable in service.variables if name not in extended else ():
                        yield variable._replace(service=foreign)

    def _included(self, document: Document, directory: Path, above: tuple[Path, ...]) -> Services:
        parts = []
        for include in document.includes:
            step = included(include, directory)
            self.complete = self.complete and step.complete
            files = [file for file in step.files if file not in above]
            if files:
                parts.append(self.merged(files, step.directory, above))
        return merge.join(parts)

    def _inherited(
        self,
        file: Path,
        service: PeekedService,
        siblings: Services,
        directory: Path,
        above: tuple[tuple[Path, str], ...] = (),
    ) -> PeekedService:
        """Return a service with what it inherits over ``extends``."""
        extends = service.extends
        above = (*above, (file, service.name))
        if extends is None:
            return service
        if extends.file is not None:
            target = followable(directory, extends.file)
            if target is None:
                return service
            file, directory = target, target.parent
            siblings = self._alone(file)
            self._extended.setdefault(file, set())
        base = siblings.get(extends.service)
        if base is None or (file, base.name) in above:
            return service
        if file in self._extended:
            self._extended[file].add(base.name)
        return merge.extend(self._inherited(file, base, siblings, directory, above), service)

    def _alone(self, file: Path) -> Services:
        """Return the services of one file, without what it includes."""
        services: dict[str, PeekedService] = {}
        for document in self._reader.documents(file):
            services, _ = merge.lay(services, document.services, document.services_tag)
        return services


def _env_files(root: Path, directory: Path) -> tuple[Path, ...]:
    candidates = dict.fromkeys((root / ".env", directory / ".env"))
    return tuple(path for path in candidates if path.is_file())


def _no_services(files: Mapping[Path, None]) -> str:
    names = ", ".join(shown(file) for file in files)
    return (
        f"No service is defined in {names}. A compose file must contain a `services:` mapping "
        "with a service in it, such as `services: {db: {image: postgres}}`; at least one of "
        "these files must."
    )
