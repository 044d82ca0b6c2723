from __future__ import annotations

from typing import Any

from harness.engine.replay import (
    ContainerRequest,
    container_request,
    network_request,
    port_bindings,
    record,
    volume_request,
)

PROJECT, LABELS = "harness-ab-1", {"ours": "1"}
APP, DB = "a" * 64, "d" * 64
NAMES = {APP: f"{PROJECT}-app-1", DB: f"{PROJECT}-db-1"}
SECTION = {"ports": [{"target": 80, "published": "20000", "host_ip": "127.0.0.1"}]}


def inspected(config: dict[str, Any] | None = None, **host: Any) -> dict[str, Any]:
    return {
        "Id": APP,
        "Name": f"/{PROJECT}-app-1",
        "Config": {
            "Hostname": APP[:12],
            "Entrypoint": ["run"],
            "Labels": {**LABELS, "com.docker.compose.project": PROJECT},
            **(config or {}),
        },
        "HostConfig": {
            "NetworkMode": f"{PROJECT}_back",
            "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "20000"}]},
            **host,
        },
        "NetworkSettings": {
            "Networks": {
                f"{PROJECT}_{name}": {"Aliases": ["app", APP[:12], "x"], "NetworkID": "n"}
                for name in ("apart", "back", "default")
            }
        },
    }


def again(
    raw: dict[str, Any], section: dict[str, Any] | None = None, kind: str = ""
) -> ContainerRequest | None:
    """Record a container for one stack, and return the request for another."""
    section = {**SECTION, **(section or {})}
    recording = record(raw, section, kind, PROJECT, LABELS, NAMES)
    if recording is None:
        return None
    ports = [{**SECTION["ports"][0], "published": "20009"}]
    return container_request(
        recording,
        {**section, "ports": ports},
        "other",
        {"ours": "2"},
        "/other.json",
        {"other-db-1": "e" * 64},
    )


def test_a_container_gets_the_names_labels_and_ports_of_its_stack() -> None:
    made = again(inspected({"Env": [f"TWELVE={PROJECT}2"]}, Binds=[f"{PROJECT}_data:/d"]))
    assert made is not None
    assert made.name == "other-app-1"
    assert made.body["Labels"] == {"ours": "2", "com.docker.compose.project": "other"}
    assert made.body["HostConfig"]["PortBindings"] == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "20009"}]
    }
    assert made.body["HostConfig"]["Binds"] == ["other_data:/d"]
    assert made.body["Env"] == [f"TWELVE={PROJECT}2"]


def test_the_ids_of_other_containers_are_those_of_the_new_stack() -> None:
    raw = inspected(NetworkMode=f"container:{DB}", VolumesFrom=[f"{DB}:ro"])
    recording = record(raw, SECTION, "", PROJECT, LABELS, NAMES)
    assert recording is not None
    assert recording.name_in("other") == "other-app-1"
    assert recording.needs_in("other") == {"other-db-1"}
    made = again(raw)
    assert made is not None
    assert made.body["HostConfig"]["NetworkMode"] == "container:" + "e" * 64
    assert made.body["HostConfig"]["VolumesFrom"] == ["e" * 64 + ":ro"]


def test_networks_are_joined_by_priority_and_without_what_the_engine_added() -> None:
    networks = {"default": {"priority": 5}, "apart": None, "back": {"priority": 9}}
    made = again(inspected(), {"networks": networks})
    assert made is not None
    assert [*made.endpoints] == ["other_back", "other_default", "other_apart"]
    assert made.endpoints["other_back"] == {"Aliases": ["app"]}


def test_a_hostname_is_kept_only_if_the_user_gave_it() -> None:
    given, own = again(inspected({"Hostname": "h"}), {"hostname": "h"}), again(inspected())
    assert given is not None
    assert own is not None
    assert given.body["Hostname"] == "h"
    assert "Hostname" not in own.body


def test_an_entrypoint_that_was_reset_does_not_come_from_the_image() -> None:
    made = again(inspected({"Entrypoint": None}))
    assert made is not None
    assert made.body["Entrypoint"] == [""]


def test_what_cannot_be_repeated_faithfully_is_not_recorded() -> None:
    assert again(inspected(Links=["/db:/app/db"])) is None
    assert again(inspected(PortBindings={})) is None
    assert again(inspected(), kind=f'{{"A": "{PROJECT}-db-1"}}') is None
    assert again(inspected(), kind=f'{{"A": "{DB}"}}') is None
    assert again(inspected({"Env": ["A=\ue000"]})) is None


def test_ports_are_bound_by_target_and_protocol_in_their_order() -> None:
    ports = [
        {"target": 80, "published": "1", "host_ip": "127.0.0.1"},
        {"target": 53, "protocol": "udp"},
        {"target": 80, "published": "2-3", "protocol": "tcp"},
    ]
    assert port_bindings({"ports": ports}) == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "1"}, {"HostIp": "", "HostPort": "2-3"}],
        "53/udp": [{"HostIp": "", "HostPort": ""}],
    }


def test_a_network_and_a_volume_are_as_the_document_says() -> None:
    labels = {
        "own": "$x",
        "com.docker.compose.project": "p",
        "com.docker.compose.version": "5",
    }
    pool = {"subnet": "10.0.0.0/28", "gateway": "10.0.0.1"}
    entry = {"labels": {"own": "$$x"}, "internal": True, "ipam": {"config": [pool]}}
    assert network_request("p", "net", entry, "5") == {
        "Name": "p_net",
        "Driver": "",
        "Options": {},
        "Internal": True,
        "Attachable": False,
        "Labels": {**labels, "com.docker.compose.network": "net"},
        "IPAM": {
            "Driver": "",
            "Config": [
                {
                    "Subnet": "10.0.0.0/28",
                    "IPRange": "",
                    "Gateway": "10.0.0.1",
                    "AuxiliaryAddresses": {},
                }
            ],
        },
    }
    assert "IPAM" not in network_request("p", "net", {}, "5")
    assert volume_request("p", "vol", {"driver": "local", "labels": {"own": "$$x"}}, "5") == {
        "Name": "p_vol",
        "Driver": "local",
        "DriverOpts": None,
        "Labels": {**labels, "com.docker.compose.volume": "vol"},
    }


def test_hosts_are_those_of_the_new_stack() -> None:
    raw = inspected(ExtraHosts=["app:10.219.0.1"])
    recording = record(
        raw, {**SECTION, "extra_hosts": ["app=10.219.0.1"]}, "", PROJECT, LABELS, NAMES
    )
    assert recording is not None
    section = {**SECTION, "extra_hosts": ["app=10.219.0.17"]}
    made = container_request(recording, section, "other", LABELS, "/other.json", {})
    assert made.body["HostConfig"]["ExtraHosts"] == ["app:10.219.0.17"]


def test_hosts_that_compose_wrote_in_another_way_are_not_recorded() -> None:
    assert again(inspected(ExtraHosts=["app:1.2.3.4"])) is None
