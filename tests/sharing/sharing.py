"""A team whose tests note what they see, in whichever process they run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from harness.lease.labels import RUN
from tests.engine.lab import docker_engine, labelled
from tests.plugin.team import Team

# What a test of the team imports: what it notes can be read when all processes have ended.
NOTES = """
import json
import os
import socket
from contextlib import closing
from pathlib import Path

from eventually import eventually
from harness.engine.client import connect
from harness.lease.labels import RUN

_HERE = Path(__file__).parent

def note(what, value=""):
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0].rpartition("::")[2]
    line = json.dumps([os.environ.get("PYTEST_XDIST_WORKER", ""), test, what, value]) + "\\n"
    with open(_HERE / "notes.jsonl", "a") as file:
        file.write(line)

def saw(*services):
    "Note the container of each service, and the run that made it."
    for service in services:
        container = getattr(service, "container", service)
        note("run", container.labels[RUN])
        note(container.service, container.id)

def noted(what):
    lines = map(json.loads, (_HERE / "notes.jsonl").read_text().splitlines())
    return [line for line in lines if line[2] == what]

def running(run, service):
    "The ids of a service's containers that the run has started and not yet removed."
    labels = [f"{RUN}={run}", f"com.docker.compose.service={service}"]
    with closing(connect()[0]) as api:
        found = api.containers(all=True, filters={"label": labels})
    return [c["Id"] for c in found if c["State"] != "created"]

def sql(service, *statements):
    "Run SQL in a Postgres."
    commands = [word for statement in statements for word in ("-c", statement)]
    container = getattr(service, "container", service)
    done = container.exec(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *commands])
    assert done.exit_code == 0, done.output
    return done.output.strip()

def sh(service, line):
    "Run a line of shell in a service; return what it wrote."
    done = getattr(service, "container", service).exec(["sh", "-c", line])
    assert done.exit_code == 0, done.output
    return done.output.strip()

# Sends a line to HOST PORT and writes the answer.
_SAY = '''
use IO::Socket; my $s = IO::Socket::INET->new("$ARGV[0]:$ARGV[1]") or die "no way: $!";
print $s "\\\\n"; print scalar <$s>;
'''

def reaches(service, host, port):
    "What a service hears from a port of another, by its name."
    container = getattr(service, "container", service)
    done = container.exec(["perl", "-e", _SAY, host, str(port)])
    assert done.exit_code == 0, done.output
    return done.output.strip()
"""


class Note(NamedTuple):
    """What a test has noted."""

    worker: str
    test: str
    what: str
    value: Any


@dataclass(frozen=True)
class Sharing(Team):
    """A team whose tests share services."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.write("notes.py", NOTES)

    def notes(self, what: str) -> list[Note]:
        """Return what tests have noted under a name, in the order of time."""
        file = self.root / "notes.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        return [n for n in (Note(*json.loads(line)) for line in lines) if n.what == what]

    def values(self, what: str) -> list[Any]:
        """Return the values noted under a name."""
        return [note.value for note in self.notes(what)]

    def forget(self) -> None:
        """Forget what was noted, save which runs there were."""
        runs = self.notes("run")
        (self.root / "notes.jsonl").write_text("".join(json.dumps(n) + "\n" for n in runs))

    @property
    def checkout(self) -> str:
        """What the labels of kept stacks name as their run."""
        return f"harness-0-{hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:8]}"

    def left(self) -> list[str]:
        """Return what the runs that were noted have left, not what was to be kept."""
        runs = {*self.values("run")} - {self.checkout}
        return [name for run in sorted(runs) for name in labelled(f"{RUN}={run}")]

    def kept(self) -> list[str]:
        """Return what was kept for the next run."""
        return labelled(f"{RUN}={self.checkout}")

    def remove_kept(self) -> None:
        """Remove what was kept."""
        if self.kept():
            docker_engine().remove({RUN: self.checkout})
        for run in {*self.values("run")}:
            docker_engine().remove({RUN: run})

    def postgres(self, image: str, **keys: object) -> None:
        """Write ``compose/postgres.yml``, with an image of the shop's database."""
        check = {"test": ["CMD", "pg_isready", "--host=127.0.0.1", "--quiet"]}
        given = {"image": image, "ports": ["5432"], "healthcheck": check, "command": None}
        self.server("postgres", **(given | keys))

    def server(self, name: str, **keys: object) -> None:
        """Write ``compose/NAME.yml`` with a service that has these keys and no others."""
        section = {key: value for key, value in keys.items() if value is not None}
        self.write(f"compose/{name}.yml", json.dumps({"services": {name: section}}))
