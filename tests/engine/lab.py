"""A compose project of a test's own, and the harness's stacks of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from harness.container import Container
from harness.engine.docker import DockerEngine
from harness.engine.find import find_compose
from harness.engine.networks import gateway_of
from harness.lease.labels import RUN
from harness.lease.run import Run
from harness.observe.event import Kind
from harness.observe.journal import Journal
from harness.plan.need import Need
from harness.settings import Settings
from harness.source import discover
from harness.stack.fleet import Collected, Fleet
from harness.stack.lease import Lease
from harness.stack.yard import Yard, open_yard

if TYPE_CHECKING:
    from docker import APIClient

MADE_FOR = "tests.engine.made-for"

# What the compose files of these tests stand on: a service that only runs, one that has an image
# of its own, and one that sends each line back.
BASES = """\
x-bases:
  - &sleeper
    image: debian:bookworm-slim
    command: [sleep, infinity]
  - &idle
    command: [sleep, infinity]
  - &echo
    image: debian:bookworm-slim
    init: true
    command:
      - perl
      - -MIO::Socket
      - -e
      - >-
        $$s = IO::Socket::INET->new(LocalPort => 8080, Listen => 9, ReuseAddr => 1) or die;
        while ($$c = $$s->accept) { next if fork; print $$c $$_ while <$$c>; exit }
    ports: ["8080"]
"""


class Lab:
    """Compose files in a folder, and a fleet of stacks of them.

    Attributes:
        root: The project's root.
        journal: What has happened so far.
        warned: The warnings shown so far.
    """

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root = root
        self.journal = Journal()
        self.warned: list[str] = []
        self.settings: dict[str, Any] = {"timeout": 20.0, **settings}
        self._yards: list[Yard] = []
        self._fleets: list[Fleet] = []
        self._others: list[Lab] = []

    @property
    def built(self) -> list[str]:
        """The lines that builders have written so far."""
        ended = [e for e in self.journal.kept() if e.kind == Kind.IMAGE_BUILD and not e.begins]
        return [line for event in ended for line in event.data.get("output", ())]

    def again(self, **settings: Any) -> Lab:
        """Return a further run of this project; this one closes it."""
        self._others.append(Lab(self.root, **settings))
        return self._others[-1]

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
        return file

    def compose(self, text: str, path: str = "compose/app.yml") -> Path:
        """Write a compose file in which ``*sleeper`` and ``*echo`` are known."""
        return self.write(path, BASES + dedent(text))

    @cached_property
    def fleet(self) -> Fleet:
        return self.new_fleet()

    def new_fleet(self, **settings: Any) -> Fleet:
        """Return the fleet of a further run of this project."""
        chosen = Settings(root=self.root, **{**self.settings, **settings})
        source = discover(self.root, chosen.files)
        assert source is not None

        def make_yard() -> Yard:
            run = Run(self.root, keep=chosen.keep)
            self._yards.append(
                open_yard(chosen, source, self.warned.append, run, self.journal, lambda _: None)
            )
            return self._yards[-1]

        self._fleets.append(
            Fleet(
                make_yard,
                Collected(source.services.keys()),
                chosen.isolation,
                chosen.retry_start,
                self.journal,
            )
        )
        return self._fleets[-1]

    def lease(
        self, *services: str, env: Mapping[str, Mapping[str, str]] | None = None, test: str = "test"
    ) -> Lease:
        """Lease a stack of services; nothing is started yet."""
        environment = tuple((s, tuple(sorted(e.items()))) for s, e in sorted((env or {}).items()))
        return self.fleet.lease(Need(frozenset(services), environment), test)

    def up(
        self, *services: str, env: Mapping[str, Mapping[str, str]] | None = None, test: str = "test"
    ) -> Lease:
        """Start services, and wait until they are ready."""
        lease = self.lease(*services, env=env, test=test)
        lease.up()
        return lease

    def container(self, service: str, **options: Any) -> Container:
        """Start a service; return its container."""
        return self.up(service, **options).containers(service)[0]

    @property
    def yard(self) -> Yard:
        return self.fleet.yard("test")

    @property
    def labels(self) -> dict[str, str]:
        """The labels of all that this run makes."""
        return {RUN: self.yard.run.id}

    @property
    def client(self) -> APIClient:
        return docker_client()

    def created(self) -> set[str]:
        """Return the services that have a container now, running or not."""
        self.fleet.removed()
        return {
            self.yard.engine.snapshot(c).service for c in self.yard.engine.containers(self.labels)
        }

    def left(self) -> list[str]:
        """Return the containers, networks and volumes of every run of this project.

        What is being removed off the tests' path has gone by then.
        """
        for fleet in self._fleets:
            fleet.removed()
        return [name for yard in self._yards for name in labelled(f"{RUN}={yard.run.id}")]

    def dockerfile(self, *lines: str, folder: str = "app") -> None:
        """Write a Dockerfile whose image can be told from those of other tests."""
        text = "\n".join(["FROM debian:bookworm-slim", f"LABEL {MADE_FOR}={self.root}", *lines])
        self.write(f"compose/{folder}/Dockerfile", text + "\n")

    def images(self) -> dict[str, str]:
        """Return the id of each image, by its tags, that was built of ``dockerfile``."""
        found = self.client.images(filters={"label": f"{MADE_FOR}={self.root}"})
        return {" ".join(i["RepoTags"] or ["<none>"]): i["Id"] for i in found}

    def stop(self) -> list[str]:
        """Have the harness remove everything; return what it left of this run."""
        if "fleet" in self.__dict__:
            self.fleet.close()
        return self.left()

    def close(self) -> None:
        """End every run of this project, check that the harness left nothing, remove images."""
        left = [name for run in (*self._others, self) for name in run.stop()]
        for image in self.images().values():
            self.client.remove_image(image, force=True)
        assert left == []


def docker_engine() -> DockerEngine:
    if not _engines:
        _engines.append(DockerEngine())
    return _engines[0]


def docker_client() -> APIClient:
    return docker_engine().client


def gateway(network: str) -> str:
    """Return the address of the engine's machine in a network."""
    return gateway_of(docker_client().inspect_network(network))


_engines: list[DockerEngine] = []


def labelled(label: str) -> list[str]:
    """Return the containers, networks and volumes with a label."""
    client, labels = docker_client(), {"label": [label]}
    containers = client.containers(all=True, filters=labels)
    return [
        *(f"container {c['Names'][0]}" for c in containers),
        *(f"network {n['Name']}" for n in client.networks(filters=labels)),
        *(f"volume {v['Name']}" for v in client.volumes(filters=labels)["Volumes"] or ()),
    ]


def run_compose(*args: str) -> str:
    done = find_compose().run(args)
    assert done.code == 0, done.err
    return done.out


def answer(port: int, text: str = "hello", host: str = "127.0.0.1") -> str:
    """Send a line to an echo server; return what it says."""
    with socket.create_connection((host, port), timeout=10) as link:
        link.sendall(f"{text}\n".encode())
        return link.recv(999).decode().strip()


def file_in(container: Container, path: str) -> str:
    result = container.exec(["cat", path])
    assert result.exit_code == 0, result.output
    return result.output


@contextmanager
def pytest_run(root: Path, *args: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    """Run pytest on a project, in a process of its own, beside the test."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *args]
    with subprocess.Popen(
        command,
        cwd=root,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
