"""What listens on an address wider than the tests need is told, with file and line."""

from __future__ import annotations

from typing import Any

import pytest

from harness.model.project import parse_project
from harness.plan.exposure import exposed

FIXED = {"x-harness": {"fixed": True}}
PLACE = "compose/app.yml:2"


def port(host_ip: str | None = None, **more: Any) -> dict[str, Any]:
    given = {"mode": "ingress", "target": 80, "published": "8080", "protocol": "tcp", **more}
    return given if host_ip is None else {**given, "host_ip": host_ip}


def warned(config: dict[str, Any], publish_ip: str = "127.0.0.1", **more: Any) -> tuple[str, ...]:
    document = {"services": {"app": config}, **more}
    project = parse_project(document, places={"app": PLACE})
    return exposed(project, [project.services["app"]], publish_ip)


@pytest.mark.parametrize(
    ("host_ip", "publish_ip"),
    [
        (None, "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "127.0.0.1"),
        ("192.0.2.7", "127.0.0.1"),
        (None, "172.17.0.1"),
        ("0.0.0.0", "192.0.2.7"),
    ],
)
def test_a_fixed_port_on_a_wider_address_is_told(host_ip: str | None, publish_ip: str) -> None:
    (warning,) = warned({"ports": [port(host_ip)], **FIXED}, publish_ip)
    assert warning.startswith(f"{PLACE}: service 'app' publishes 80/tcp on ")
    assert f'Write "{publish_ip}:8080:80", or remove `fixed`' in warning


@pytest.mark.parametrize(
    ("host_ip", "publish_ip"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.2", "127.0.0.1"),
        ("::1", "127.0.0.1"),
        ("172.17.0.1", "172.17.0.1"),
        ("192.0.2.8", "192.0.2.7"),
        (None, "0.0.0.0"),
    ],
)
def test_a_fixed_port_on_no_wider_address_is_not_told(host_ip: str | None, publish_ip: str) -> None:
    assert warned({"ports": [port(host_ip)], **FIXED}, publish_ip) == ()


@pytest.mark.parametrize("publish_ip", ["172.17.0.1", "192.0.2.7", "0.0.0.0"])
def test_a_fixed_port_that_the_tests_cannot_reach_is_told(publish_ip: str) -> None:
    (warning,) = warned({"ports": [port("127.0.0.1")], **FIXED}, publish_ip)
    assert f"{PLACE}: service 'app' publishes 80/tcp on 127.0.0.1" in warning
    assert "that is not this machine, and the tests cannot connect" in warning


def test_a_port_that_the_harness_chooses_is_never_wide() -> None:
    assert warned({"ports": [port("0.0.0.0"), port()]}) == ()


def test_the_network_of_the_machine_is_told() -> None:
    (warning,) = warned({"network_mode": "host"})
    assert warning.startswith(f"{PLACE}: service 'app' has the network of the engine's machine")
    networks = {"outer": {"external": True, "name": "host"}}
    assert warned({"networks": {"outer": None}}, networks=networks) == (warning,)


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan"])
def test_a_driver_that_puts_containers_on_the_lan_is_told(driver: str) -> None:
    (warning,) = warned({"networks": {"lan": None}}, networks={"lan": {"driver": driver}})
    assert f"{PLACE}: service 'app' is in network 'lan', whose driver {driver}" in warning


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"network_mode": "none"},
        {"network_mode": "service:db"},
        {"networks": {"net": None, "host": None}},
        {"privileged": True},
    ],
)
def test_what_is_nobody_elses_to_reach_is_not_told(config: dict[str, Any]) -> None:
    networks = {"net": {"driver": "bridge"}, "host": {"name": "app_host"}}
    assert warned(config, networks=networks) == ()


@pytest.mark.parametrize(
    "source",
    ["/var/run/docker.sock", "/run/docker.sock", "/run/user/1000/docker.sock", "/var/run", "/"],
)
def test_an_engines_socket_in_a_container_is_told(source: str) -> None:
    mount = {"type": "bind", "source": source, "target": "/somewhere", "read_only": True}
    (warning,) = warned({"volumes": [mount]})
    assert warning.startswith(f"{PLACE}: service 'app' gets the engine's socket ({source}):")


def test_an_engines_socket_in_a_volume_is_told() -> None:
    bound = {"driver_opts": {"type": "none", "o": "bind", "device": "/var/run"}}
    mount = {"type": "volume", "source": "run", "target": "/host"}
    (warning,) = warned({"volumes": [mount]}, volumes={"run": bound})
    assert "gets the engine's socket (/var/run)" in warning


def test_an_engines_socket_that_compose_mounts_is_told() -> None:
    (warning,) = warned({"use_api_socket": True})
    assert "gets the engine's socket (use_api_socket: true)" in warning


@pytest.mark.parametrize(
    "mount",
    [
        {"type": "bind", "source": "/srv/data", "target": "/var/run/docker.sock"},
        {"type": "volume", "source": "docker.sock", "target": "/data"},
        {"type": "tmpfs", "target": "/run"},
        {"type": "bind", "source": "/var/running", "target": "/run"},
    ],
)
def test_other_mounts_are_not_told(mount: dict[str, Any]) -> None:
    assert warned({"volumes": [mount]}, volumes={"docker.sock": None}) == ()
