"""The projects that are measured: compose files and tests, written into a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.sweep import LABEL

IMAGE = "debian:bookworm-slim"
PORT = 8080
# It ends at SIGTERM, so that nobody's `compose down` waits ten seconds for it.
SERVER = (
    "use IO::Socket::INET; $SIG{TERM} = sub { exit }; "
    "$s = IO::Socket::INET->new(LocalPort => 8080, Listen => 9); "
    "while ($c = $s->accept) { push @held, $c }"
)
CHECK_TIMEOUT, CHECK_RETRIES = 10, 30
CHECK = ("perl", "-e", "use IO::Socket::INET; exit !IO::Socket::INET->new('127.0.0.1:8080')")


@dataclass(frozen=True, slots=True)
class Chain:
    """Services of which each depends on the one before it being healthy.

    Attributes:
        services: Their names, the first depends on nothing.
        interval: Seconds between the checks that their compose files declare.
    """

    services: tuple[str, ...]
    interval: int = 1


TWO = Chain(("first", "second"))
FOUR_SLOW = Chain(("first", "second", "third", "fourth"), interval=5)
# s01 <- s02 <- s03 <- s04, s05 <- s06 <- …: a test of one needs 1 to 4 services
TWENTY = tuple(
    Chain(tuple(f"s{number:02}" for number in range(first, first + 4))) for first in range(1, 21, 4)
)


def document(chain: Chain, names: Iterable[str], run: str) -> dict[str, Any]:
    """Return the compose document of some services of a chain, all labelled."""
    return {
        "services": {name: _service(chain, name, run) for name in names},
        "networks": {"default": {"labels": {LABEL: run}}},
    }


def _service(chain: Chain, name: str, run: str) -> dict[str, Any]:
    place = chain.services.index(name)
    before = chain.services[place - 1] if place else None
    return {
        "image": IMAGE,
        "command": ["perl", "-e", SERVER.replace("$", "$$")],
        "ports": [str(PORT)],
        "labels": {LABEL: run},
        # patient, so that a slow machine slows everybody down and fails nobody
        "healthcheck": {
            "test": ["CMD", *CHECK],
            "interval": f"{chain.interval}s",
            "timeout": f"{CHECK_TIMEOUT}s",
            "retries": CHECK_RETRIES,
        },
        **({"depends_on": {before: {"condition": "service_healthy"}}} if before else {}),
    }


def write_folder(root: Path, chains: Sequence[Chain], run: str) -> None:
    """Write ``compose/NAME.yml`` for each service (JSON is YAML)."""
    folder = root / "compose"
    folder.mkdir()
    for chain in chains:
        for name in chain.services:
            (folder / f"{name}.yml").write_text(json.dumps(document(chain, [name], run), indent=1))


def write_file(path: Path, chains: Sequence[Chain], run: str) -> None:
    """Write one compose file with all services, as the peers want it."""
    documents = [document(chain, chain.services, run) for chain in chains]
    services = {name: config for found in documents for name, config in found["services"].items()}
    path.write_text(json.dumps({**documents[0], "services": services}, indent=1))


def write_pytest(root: Path, tests: str, conftest: str = "", markers: Iterable[str] = ()) -> None:
    """Write the tests, the clock, ``pytest.ini``, and ``plain.ini`` which registers the markers."""
    (root / "test_it.py").write_text(tests)
    (root / "conftest.py").write_text('pytest_plugins = ["stopwatch"]\n' + conftest)
    (root / "stopwatch.py").write_text(Path(__file__).with_name("stopwatch.py").read_text())
    (root / "pytest.ini").write_text("[pytest]\n")
    listed = "".join(f"    {marker}: a service\n" for marker in markers)
    (root / "plain.ini").write_text(f"[pytest]\nmarkers =\n{listed}")


HEAD = '''
import socket
import time

import pytest
import stopwatch


def talk(host, port):
    """The service answers: a connection to it is held."""
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.settimeout(0.01)
        with pytest.raises(TimeoutError):
            connection.recv(1)
'''


def chain_tests(services: Sequence[str], work: float = 0.0) -> str:
    """Return a test for each service named: it connects, and is busy for ``work`` seconds."""
    tests = [
        f"""

@pytest.mark.{service}
def test_{number:03}({service}):
    host, port = {service}.host, {service}.port
    stopwatch.body()
    talk(host, port)
    time.sleep({work})
    stopwatch.end()
"""
        for number, service in enumerate(services)
    ]
    return HEAD + "".join(tests)


def plain_services(services: Iterable[str]) -> str:
    """Return a conftest in which one local socket stands for all services: no harness at all."""
    fixtures = "".join(
        f"\n\n@pytest.fixture\ndef {name}(listener):\n    return listener\n"
        for name in sorted(set(services))
    )
    return f"""
import os
import socket
import types

import pytest


@pytest.fixture(scope="session")
def listener():
    with socket.create_server(("127.0.0.1", 0), backlog=999) as server:
        yield types.SimpleNamespace(host="127.0.0.1", port=server.getsockname()[1])

if os.environ.get("BENCH_PLAIN"):
    {fixtures.replace(chr(10), chr(10) + "    ").strip()}
"""
