"""Level 2: a typed class a service; the harness fills it in and makes the fixture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

import harness

if TYPE_CHECKING:
    from harness import ContainerGetter


class Service2(harness.Service, container_name="service2"):
    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


service2 = harness.service_fixture(Service2)


@pytest.mark.service2
def test_the_fixture_is_a_typed_object(service2: Service2) -> None:
    assert service2.name == "service2"
    assert [info.container_port for info in service2.network_info] == ["8080/tcp"]
    with urlopen(service2.url, timeout=10) as answer:
        assert json.load(answer)["service1"] == {"service": "service1"}


@pytest.mark.service2
def test_the_getter_gives_the_same_object(
    service2: Service2, container_getter: ContainerGetter
) -> None:
    found = container_getter.get(Service2)
    assert isinstance(found, Service2)
    assert found.url == service2.url
