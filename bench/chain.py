"""How long a chain of two services takes until the test's body could run.

    python bench/chain.py [ROUNDS]

Three ways, alternating, each round on the same machine: the bare Engine API by hand (create,
start, probe, one after the other: the limit), the harness, and ``docker compose up --wait``. The
services have a health check every second. Prints medians in seconds, their spread, and the ratio
to the bare API. Needs an engine and the image debian:bookworm-slim.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from harness.engine.cli import find_compose
from harness.engine.docker import DockerEngine
from harness.plan.need import Need
from harness.settings import Settings
from harness.source import discover
from harness.stack.fleet import Fleet
from harness.stack.yard import open_yard

SERVER = (
    "use IO::Socket::INET; $s = IO::Socket::INET->new(LocalPort => 8080, Listen => 9); "
    "while ($c = $s->accept) { push @held, $c }"
)
CHECK = "use IO::Socket::INET; exit !IO::Socket::INET->new('127.0.0.1:8080')"
SERVICE = """
services:
  {name}:
    image: debian:bookworm-slim
    command: [perl, -e, '{server}']
    ports: ["8080"]
    healthcheck: {{test: [CMD, perl, -e, "{check}"], interval: 1s, timeout: 1s}}
"""


def compose_files(root: Path) -> None:
    """Write the chain: second depends on first."""
    folder = root / "compose"
    folder.mkdir()
    text = {
        name: SERVICE.format(name=name, server=SERVER.replace("$", "$$"), check=CHECK)
        for name in ("first", "second")
    }
    text["second"] += "    depends_on: {first: {condition: service_healthy}}\n"
    for name, content in text.items():
        (folder / f"{name}.yml").write_text(content)


def by_hand(engine: DockerEngine) -> float:
    """Do the same over the Engine API, as a careful person would."""
    client = engine.client
    name = f"bench-{uuid.uuid4().hex[:8]}"
    began = time.perf_counter()
    network = client.create_network(name)["Id"]
    made = []
    for service in ("first", "second"):
        host = client.create_host_config(port_bindings={8080: ("127.0.0.1", None)})
        config = client.create_networking_config(
            {name: client.create_endpoint_config(aliases=[service])}  # type: ignore[arg-type]
        )
        container = client.create_container(
            "debian:bookworm-slim",
            ["perl", "-e", SERVER],
            ports=[8080],
            host_config=host,
            networking_config=config,
        )["Id"]
        made.append(container)
        client.start(container)
        while engine.exec(container, ["perl", "-e", CHECK]).exit_code != 0:
            time.sleep(0.01)
    took = time.perf_counter() - began
    for container in made:
        client.remove_container(container, force=True, v=True)
    client.remove_network(network)
    return took


def by_harness(fleet: Fleet) -> float:
    """Lease a stack as a test does."""
    began = time.perf_counter()
    lease = fleet.lease(Need(frozenset({"second"})), "bench")
    lease.up()
    took = time.perf_counter() - began
    lease.release()
    return took


def by_compose(command: tuple[str, ...], root: Path) -> float:
    """Run ``docker compose up --wait``."""
    files = [part for f in sorted((root / "compose").iterdir()) for part in ("-f", str(f))]
    base = [*command, "-p", f"bench-{uuid.uuid4().hex[:8]}", *files]
    began = time.perf_counter()
    subprocess.run([*base, "up", "--wait"], check=True, capture_output=True)
    took = time.perf_counter() - began
    subprocess.run([*base, "down", "-v", "-t", "0"], check=True, capture_output=True)
    return took


def main(rounds: int) -> None:
    """Measure, alternating, and print."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        compose_files(root)
        source = discover(root)
        assert source is not None
        engine, command = DockerEngine(), find_compose().command
        fleet = Fleet(
            lambda: open_yard(Settings(root=root), source, print, print), source.services, False
        )
        fleet.yard("bench")  # once a run: connecting and resolving are not a test's share
        ways: dict[str, Callable[[], float]] = {
            "bare Engine API": lambda: by_hand(engine),
            "harness": lambda: by_harness(fleet),
            "compose up --wait": lambda: by_compose(command, root),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        try:
            for _ in range(rounds):
                for name, way in ways.items():
                    times[name].append(way())
        finally:
            fleet.close()
            engine.close()
    limit = statistics.median(times["bare Engine API"])
    for name, taken in times.items():
        middle = statistics.median(taken)
        spread = f"{min(taken):.2f} to {max(taken):.2f}"
        print(f"{name:20} {middle:6.2f} s   ({spread})   {middle / limit:5.2f} x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
