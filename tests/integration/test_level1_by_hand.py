"""Level 1: a dataclass and a fixture by hand; the harness only says where a service listens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from harness import ContainerGetter


@dataclass
class Service1:
    container_name = "service1"
    host: str = ""
    port: int = 0


@dataclass
class Service2:
    container_name = "service2"
    host: str = ""
    port: int = 0


@pytest.fixture
def service1(container_getter: ContainerGetter) -> Service1:
    info = container_getter.get(Service1.container_name).network_info[0]
    return Service1(info.hostname, info.host_port)


@pytest.fixture
def service2(container_getter: ContainerGetter) -> Service2:
    info = container_getter.get(Service2.container_name).network_info[0]
    return Service2(info.hostname, info.host_port)


@pytest.mark.service1
def test_service1_runs_alone(service1: Service1, container_getter: ContainerGetter) -> None:
    with urlopen(f"http://{service1.host}:{service1.port}/", timeout=10) as answer:
        assert json.load(answer) == {"service": "service1"}
    # Docker knows the names of running containers only.
    look_up = container_getter.get("service1").exec(["getent", "hosts", "service2"])
    assert look_up.exit_code != 0


@pytest.mark.service2
def test_service2(service2: Service2) -> None:
    assert service2.host
    assert service2.port


@pytest.mark.service2
def test_service2_reaches_service1(service2: Service2) -> None:
    with urlopen(f"http://{service2.host}:{service2.port}/", timeout=10) as answer:
        assert json.load(answer) == {"service": "service2", "service1": {"service": "service1"}}
