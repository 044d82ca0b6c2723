"""A compose project of a test's own whose services run as processes; no Docker in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from harness.container import Container
from harness.engine.process.engine import ProcessEngine
from harness.lease.run import Run
from harness.observe.journal import Journal
from harness.plan.need import Need
from harness.settings import Settings
from harness.source import discover
from harness.stack.fleet import Collected, Fleet
from harness.stack.lease import Lease
from harness.stack.yard import Yard, open_yard
from tests.process.programs import program

# Sends each line back, and says at its start that it listens.
ECHO = """
server = listen()
print("listening on", server.getsockname()[1], flush=True)
while True:
    link, _ = server.accept()
    with link, link.makefile("rw") as lines:
        for line in lines:
            lines.write(line)
            lines.flush()
"""
# Answers each connection with its variables.
TELL = """
server = listen()
while True:
    link, _ = server.accept()
    with link:
        link.sendall(json.dumps(dict(os.environ)).encode())
"""
# A service that is told its variables, and one that it depends on.
CHAIN = """
first:
  image: none
  ports: ["8080"]
  x-harness: {process: {command: [./echo]}}
second:
  image: none
  depends_on: [first]
  ports: ["9090"]
  environment:
    FIRST_URL: http://first:8080/path
    FIRST_HOST: first
    FIRST_PORT: "8080"
    FIRST_USER: first
  x-harness: {process: {command: [./tell]}}
"""


class ProcessLab:
    """Compose files in a folder, and a fleet of stacks of them, run as processes.

    Attributes:
        root: The project's root.
        warned: The warnings shown so far.
    """

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root = root
        self.warned: list[str] = []
        self.settings: dict[str, Any] = {"timeout": 20.0, "engine": "process", **settings}
        self._yards: list[Yard] = []

    def program(self, name: str, body: str) -> Path:
        """Write a program into the folder of the compose files."""
        (self.root / "compose").mkdir(exist_ok=True)
        return program(self.root / "compose", body, name)

    def compose(self, text: str) -> None:
        """Write a compose file; its services stand below ``services:``."""
        self.program("echo", ECHO)
        self.program("tell", TELL)
        (self.root / "compose/app.yml").write_text(
            "services:\n" + indent(dedent(text), "  ", lambda line: bool(line.strip()))
        )

    @cached_property
    def fleet(self) -> Fleet:
        chosen = Settings(root=self.root, **self.settings)
        source = discover(self.root, chosen.files)
        assert source is not None

        def make_yard() -> Yard:
            run = Run(self.root)
            self._yards.append(
                open_yard(chosen, source, self.warned.append, run, Journal(), lambda _: None)
            )
            return self._yards[-1]

        return Fleet(make_yard, Collected(source.services.keys()), chosen.isolation, False)

    def up(self, *services: str, env: Mapping[str, Mapping[str, str]] | None = None) -> Lease:
        """Start services, and wait until they are ready."""
        environment = tuple((s, tuple(sorted(e.items()))) for s, e in sorted((env or {}).items()))
        lease = self.fleet.lease(Need(frozenset(services), environment), "test")
        lease.up()
        return lease

    def container(self, service: str, **options: Any) -> Container:
        """Start a service; return what stands for its container."""
        return self.up(service, **options).containers(service)[0]

    @property
    def engine(self) -> ProcessEngine:
        engine = self.fleet.yard("test").engine
        assert isinstance(engine, ProcessEngine)
        return engine

    def pid(self, container: Container) -> int:
        """Return the pid of a service's main process."""
        return self.engine.top(container.id)[0].pid

    def close(self) -> None:
        """Have the harness remove everything, and see that nothing is left."""
        if "fleet" not in self.__dict__:
            return
        self.fleet.close()
        for yard in self._yards:
            assert not yard.run.folder.exists()
            assert not [
                *yard.run.folder.parent.with_name(f"{yard.run.folder.parent.name}-data").glob(
                    yard.run.id
                )
            ]
