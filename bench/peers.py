"""The other tools, each as its own documentation would have it used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.context import Bench
from bench.environments import environment, version
from bench.project import HEAD, PORT, Chain, write_file, write_pytest
from bench.runner import PytestRun, run_pytest
from bench.sample import Sample
from bench.sweep import LABEL


@dataclass(frozen=True, slots=True)
class Peer:
    """One other tool.

    Attributes:
        name: Its package.
        waits: Whether it waits for health checks itself.
        imports: What is imported before the clock starts.
        args: Arguments for pytest.
        conftest: Gives the fixture ``place``, host and port of the service ``{service}``.
    """

    name: str
    waits: bool
    imports: str
    conftest: str
    args: tuple[str, ...] = ()


PEERS = (
    Peer(
        "pytest-docker-compose-v2",
        True,
        "python_on_whales.*",
        """
@pytest.fixture
def place(function_scoped_container_getter):
    info = function_scoped_container_getter.get("{service}").network_info[0]
    return info.hostname, info.host_port
""",
        ("--docker-compose=docker-compose.yml", "--docker-compose-wait"),
    ),
    Peer(
        "pytest-docker",
        True,
        "pytest_docker",
        """
@pytest.fixture(scope="session")
def docker_compose_file(pytestconfig):
    return str(pytestconfig.rootpath / "docker-compose.yml")


@pytest.fixture
def place(docker_ip, docker_services):
    return docker_ip, docker_services.port_for("{service}", {port})
""",
        ("--container-scope=function",),
    ),
    Peer(
        "testcontainers",
        True,
        "testcontainers.compose,docker,requests",
        """
@pytest.fixture
def place(pytestconfig):
    from testcontainers.compose import DockerCompose

    with DockerCompose(str(pytestconfig.rootpath)) as compose:
        yield compose.get_service_host_and_port("{service}", {port})
""",
    ),
    Peer(
        "lovely-pytest-docker",
        False,
        "six.moves.urllib.request",
        """
@pytest.fixture(scope="session")
def docker_compose_files(pytestconfig):
    return [str(pytestconfig.rootpath / "docker-compose.yml")]


def answers(host, port):
    with socket.create_connection((host, port), timeout=1) as connection:
        connection.settimeout(0.05)
        try:
            return connection.recv(1) != b""
        except TimeoutError:
            return True


@pytest.fixture
def place(docker_ip, docker_services):
    docker_services.start("{service}")
    return docker_ip, docker_services.wait_for_service("{service}", {port}, answers)
""",
    ),
)


def run_peer(bench: Bench, peer: Peer, chains: Sequence[Chain], tests: Sequence[str]) -> PytestRun:
    """Run a test for each service named under a peer.

    Raises:
        NotAvailableError: The peer cannot be installed.
        RuntimeError: The tests did not pass.
    """
    python = environment(bench.folder, peer.name, peer.name, "pytest")
    root = bench.new_project(peer.name)
    write_file(root / "docker-compose.yml", chains, bench.run)
    bodies = "".join(_TEST.format(number=number) for number in range(len(tests)))
    fixture = peer.conftest.format(service=tests[0], port=PORT)
    write_pytest(root, HEAD + bodies, "import socket\n\nimport pytest\n\n" + fixture)
    env = {"BENCH_IMPORT": peer.imports, "BENCH_LABEL": f"{LABEL}={bench.run}"}
    return run_pytest(python, root, peer.args, env)


_TEST = """

def test_{number}(place):
    stopwatch.body()
    talk(*place)
    stopwatch.end()
"""


def contestant(bench: Bench, peer: Peer, chain: Chain) -> Callable[[], Sample]:
    """Return a peer as a contestant: one test of the last service of a chain."""
    return lambda: bench.sample(run_peer(bench, peer, [chain], chain.services[-1:]))


def versions(folder: Path) -> dict[str, str]:
    """Return the versions of the peers that are installed."""
    found = {}
    for peer in PEERS:
        python = folder / "environments" / peer.name / "bin" / "python"
        if python.exists():
            found[peer.name] = version(python, peer.name)
    return found
