"""The tests run in a container of the engine that they use: ports answer at its gateway."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

from harness.lease.labels import RUN

from ..eventually import eventually
from .inside import FORWARDING, Inside, ended, made_inside
from .lab import BASES, MADE_FOR, docker_client, gateway, labelled

PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-Werror")
ECHO = BASES + "services: {app: {<<: *echo}}\n"
TESTS = """
import json, os, pathlib, socket, time
import docker, pytest

def said(host, port):
    with socket.create_connection((host, port), timeout=10) as link:
        link.sendall(b"hello\\n")
        return link.recv(99).decode().strip()

@pytest.mark.app
def test_app(container_getter):
    app = container_getter.get("app")
    (info,) = app.network_info
    assert said(info.hostname, info.host_port) == "hello"
    inspected = docker.from_env().api.inspect_container(app.id)
    me = pathlib.Path(os.environ["ME"])
    me.with_suffix(".new").write_text(json.dumps({"info": info, "inspected": inspected}))
    me.with_suffix(".new").rename(me)
    while not pathlib.Path(os.environ["OTHER"]).exists():
        app.status
    assert said(info.hostname, info.host_port) == "hello"
"""


@pytest.fixture(scope="module")
def inside() -> Iterator[Inside]:
    with made_inside(f"inside-{os.getpid()}") as made:
        yield made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "compose").mkdir()
    (tmp_path / "compose" / "app.yml").write_text(ECHO)
    (tmp_path / "test_app.py").write_text(TESTS)
    return tmp_path


@pytest.fixture
def network(request: pytest.FixtureRequest) -> Iterator[str]:
    """A network of the engine, whose container is not the machine's."""
    name = f"harness-tests-{os.getpid()}"
    client: Any = docker_client()
    client.create_network(name, driver="bridge", labels={MADE_FOR: name})
    yield name
    client.remove_network(name)


def published(path: Path) -> tuple[list[Any], list[str], str]:
    """Return what a test inside saw: its network_info, where the port is bound, its run."""
    seen = json.loads(path.read_text())
    inspected = seen["inspected"]
    bound = [b["HostIp"] for bs in inspected["NetworkSettings"]["Ports"].values() for b in bs]
    return seen["info"], bound, inspected["Config"]["Labels"][RUN]


@pytest.mark.parametrize("where", ["bridge", "own", "host", "container"])
def test_ports_are_published_where_the_container_of_the_tests_reaches_them(
    inside: Inside, project: Path, network: str, where: str
) -> None:
    me = project / "me"
    sleep = [sys.executable, "-c", "import signal; signal.pause()"]
    with inside.started(sleep, project, network) as beside:
        of = {"own": network, "container": f"container:{beside}"}.get(where, where)
        with inside.started(PYTEST, project, of, ME=str(me), OTHER=str(me)) as container:
            code, output = ended(container)
    assert code == 0, output
    expected = {"bridge": gateway("bridge"), "host": "127.0.0.1"}.get(where, gateway(network))
    info, bound, run = published(me)
    assert (info[1], bound) == (expected, [expected])
    assert labelled(f"{RUN}={run}") == []


def test_the_engine_is_known_behind_a_proxy_of_its_socket(inside: Inside, project: Path) -> None:
    me = project / "me"
    with inside.started(FORWARDING, project) as proxy:
        where = eventually(lambda: docker_client().logs(proxy).decode()).strip()
        told = {"ME": str(me), "OTHER": str(me), "DOCKER_HOST": where}
        with inside.started(PYTEST, project, "bridge", **told) as container:
            code, output = ended(container)
    assert code == 0, output
    info, bound, _ = published(me)
    assert (info[1], bound) == (gateway("bridge"), [gateway("bridge")])


def test_subnets_come_from_where_no_route_of_the_machine_leads(
    inside: Inside, project: Path
) -> None:
    me = project / "me"
    with inside.started(PYTEST, project, ME=str(me), OTHER=str(me)) as container:
        code, output = ended(container)
    assert code == 0, output
    (network,) = json.loads(me.read_text())["inspected"]["NetworkSettings"]["Networks"].values()
    assert IPv4Address(network["IPAddress"]) in IPv4Network("198.18.0.0/15")


def test_two_containers_on_one_engine_do_not_get_in_each_others_way(
    inside: Inside, project: Path
) -> None:
    one, other = project / "one", project / "other"
    with (
        inside.started(PYTEST, project, ME=str(one), OTHER=str(other)) as first,
        inside.started(PYTEST, project, ME=str(other), OTHER=str(one)) as second,
    ):
        for code, output in (ended(first), ended(second)):
            assert code == 0, output
    (a, _, run), (b, _, another) = published(one), published(other)
    assert run != another
    assert a[2] != b[2]
    assert labelled(f"{RUN}={run}") + labelled(f"{RUN}={another}") == []
