"""The images of a project: built under one stable tag a checkout and service, or pulled."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from harness.engine.progress import BuildMeter, PullMeter
from harness.engine.protocol import Composer, Engine, Say
from harness.errors import HarnessError, ImageUnavailableError, masked
from harness.lease.labels import PREFIX
from harness.lease.shared import shared_folder
from harness.model.project import Project, Service
from harness.observe.event import Kind
from harness.observe.journal import Journal

# The classic builder runs each step in a container, which it leaves where the step fails.
_STEP = re.compile(r"---> Running in ([0-9a-f]{12,})")
# the last lines of a builder that the journal holds
_OUTPUT = 200


class Images:
    """Makes sure that the images of services are there, once a run."""

    def __init__(
        self,
        project: Project,
        engine: Engine,
        composer: Composer,
        root: Path,
        folder: Path,
        build: bool,
        journal: Journal,
    ) -> None:
        self._project = project
        self._engine = engine
        self._composer = composer
        self._checkout = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:8]
        self._folder = folder
        self._build = build
        self._journal = journal
        self._builders = {s.image: s for s in project.services.values() if s.builds and s.image}
        self._ready: set[str] = set()
        self._lock = threading.Lock()

    def tag(self, service: str) -> str:
        """Return the stable tag of a service that is built in this checkout."""
        name = re.sub(r"[^a-z0-9]+", "-", service.lower()).strip("-") or "service"
        if name != service:  # two names must not become one
            name += f"-{hashlib.sha256(service.encode()).hexdigest()[:6]}"
        return f"{PREFIX}/{self._checkout}-{name}:latest"

    def chosen(self, services: Sequence[Service]) -> Mapping[str, str]:
        """Return the image of each service that does not run the one its compose file names."""
        images = {}
        for service in services:
            builder = self._builder(service)
            if builder and (self._build or not builder.image):
                images[service.name] = self.tag(builder.name)
        return images

    def _builder(self, service: Service) -> Service | None:
        """Return the service whose ``build:`` makes this one's image."""
        return service if service.builds else self._builders.get(service.image)

    def ensure(self, services: Sequence[Service]) -> None:
        """Build or pull what is not there.

        Raises:
            ImageUnavailableError: An image can neither be found, pulled nor built.
        """
        with self._lock:
            missing = [s for s in services if s.name not in self._ready]
            chosen = self.chosen(missing)
            built = {b.name: b for s in missing if s.name in chosen and (b := self._builder(s))}
            if built and self._build:
                self._build_all([b for b in built.values() if b.name not in self._ready])
            self._pull_missing([s for s in missing if s.name not in chosen or not self._build])
            self._ready.update(s.name for s in missing)
            self._ready.update(built)

    def are_here(self, services: Sequence[Service]) -> bool:
        """Whether nothing has to be built or pulled for services."""
        with self._lock:
            missing = [s for s in services if s.name not in self._ready]
            return not any(
                (self._build and self._builder(s)) or self._must_pull(s) for s in missing
            )

    def remove(self, image: str) -> None:
        """Remove an image; who needs it next builds or pulls it again."""
        with self._lock:
            self._ready.clear()
            self._engine.remove_image(image)

    def _build_all(self, services: Sequence[Service]) -> None:
        """Build, one process of a checkout at a time: the others find the builder's cache warm."""
        file = self._write(services)
        with FileLock(shared_folder() / f"build-{self._checkout}"):
            for service in services:
                before = self._engine.image_id(self.tag(service.name))
                self._build_one(service, file)
                if before and not self._engine.image_tags(before):
                    self._engine.remove_image(before)  # else each change leaves one behind

    def _build_one(self, service: Service, file: Path) -> None:
        """Build one image; the container of a step that failed or was cut short goes."""
        steps: list[str] = []
        try:
            with self._told(Kind.IMAGE_BUILD, [service], BuildMeter()) as say:

                def look(line: str) -> None:
                    if step := _STEP.search(line):
                        steps.append(step[1])
                    say(line)

                self._composer.build(self._name, file, [service.name], look)
        except BaseException:
            for container in steps[-1:]:
                with suppress(HarnessError):
                    self._engine.discard(container)
            raise

    @contextmanager
    def _told(
        self, kind: Kind, services: Sequence[Service], meter: BuildMeter | PullMeter
    ) -> Iterator[Say]:
        """Enter a build or a pull into the journal; the context's value takes Compose's lines."""
        names = [service.name for service in services]
        output: deque[str] = deque(maxlen=_OUTPUT)
        shown: tuple[object, ...] = ()

        def say(line: str) -> None:
            nonlocal shown
            if kind is Kind.IMAGE_BUILD:
                output.append(masked(line))
            progress = meter.take(line)
            if progress is None:
                return
            seen = progress.text, progress.total, 100 * progress.done // max(1, progress.total)
            if seen != shown:  # each percent once: a pull tells ten times a second
                shown = seen
                self._journal.tell(
                    Kind.IMAGE_PROGRESS,
                    services=names,
                    done=progress.done,
                    total=progress.total,
                    unit=progress.unit,
                    text=masked(progress.text),
                )

        with self._journal.span(kind, services=names) as told, _placed(services):
            try:
                yield say
            finally:
                if output:
                    told["output"] = [*output]

    def _pull_missing(self, services: Sequence[Service]) -> None:
        wanted = [s for s in services if self._must_pull(s)]
        if wanted:
            file = self._write(wanted)
            with self._told(Kind.IMAGE_PULL, wanted, PullMeter()) as say:
                self._composer.pull(self._name, file, [s.name for s in wanted], say)

    def _must_pull(self, service: Service) -> bool:
        if service.config.get("provider"):
            return False
        image = self.chosen([service]).get(service.name) or service.image
        policy = str(service.config.get("pull_policy") or "missing")
        if policy == "always":
            return True
        if self._engine.has_image(image):
            return False
        if policy == "never" or service.builds:
            why = "--docker-compose-no-build" if service.builds else "its pull_policy is `never`"
            raise ImageUnavailableError(
                f"{service.called} wants image {image!r}, which is not here, and {why} "
                f"forbids getting it. Build or pull it, or lift that."
            )
        return True

    def _with_contexts(self, services: Sequence[Service]) -> Iterable[Service]:
        """Return services, and those whose images their builds start from."""
        found = {s.name: s for s in services}
        pending = [*services]
        while pending:
            build = pending.pop().config.get("build") or {}
            for context in (build.get("additional_contexts") or {}).values():
                base = self._project.services.get(str(context).removeprefix("service:"))
                if str(context).startswith("service:") and base and base.name not in found:
                    found[base.name] = base
                    pending.append(base)
        return found.values()

    @property
    def _name(self) -> str:
        return f"harness-images-{self._checkout}"

    def _write(self, services: Sequence[Service]) -> Path:
        """Write a compose file of nothing but images."""
        keys = ("image", "build", "platform", "pull_policy")
        services = [*self._with_contexts(services)]
        document = {
            "services": {
                s.name: {
                    **{key: s.config[key] for key in keys if key in s.config},
                    **({"image": self.tag(s.name)} if s.builds and self._build else {}),
                }
                for s in services
            },
            "secrets": dict(self._project.secrets),
        }
        file = self._folder / "images.json"
        file.write_text(json.dumps(document))
        return file


@contextmanager
def _placed(services: Sequence[Service]) -> Iterator[None]:
    """Have a message begin with where the services are defined."""
    try:
        yield
    except ImageUnavailableError as error:
        places = ", ".join(service.place for service in services if service.place)
        raise ImageUnavailableError(f"{places}: {error}" if places else str(error)) from None
