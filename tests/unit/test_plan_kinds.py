from __future__ import annotations

from typing import Any

import pytest

from harness.plan.kinds import files_read, kind_of

LABELS = {"ours": "1"}
SECTION = {"image": "i", "labels": {"ours": "1", "own": "x"}, "networks": {"net": None}}


def kind(section: dict[str, Any], stack: str = "1", **more: Any) -> str | None:
    labels = {"ours": stack}
    given = {**section, "labels": {**(section.get("labels") or {}), **labels}}
    document = {
        "services": {"app": given},
        "networks": {"net": {"labels": labels}, "other": {"labels": labels}},
        **{key: value for key, value in more.items() if key in {"networks", "volumes", "configs"}},
    }
    return kind_of("app", document, labels, more.get("image_id", "sha256:1"), more.get("out", {}))


def test_what_differs_from_stack_to_stack_makes_no_other_kind() -> None:
    port = {"target": 80, "host_ip": "127.0.0.1"}
    one = kind({**SECTION, "ports": [{**port, "published": "20000"}]})
    networks = {"net": {"labels": {"ours": "2"}, "ipam": {"config": [{"subnet": "10.0.0.0/28"}]}}}
    other = kind({**SECTION, "ports": [{**port, "published": "20001"}]}, "2", networks=networks)
    assert one is not None
    assert one == other


@pytest.mark.parametrize(
    "change",
    [
        {"environment": {"A": "2"}},
        {"labels": {"own": "y"}},
        {"networks": {"net": {"aliases": ["x"]}}},
        {"ports": [{"target": 80}]},
        {"scale": 2},
    ],
)
def test_another_section_is_another_kind(change: dict[str, Any]) -> None:
    assert kind({**SECTION, **change}) != kind(SECTION)


@pytest.mark.parametrize(
    "change",
    [
        {"image_id": "sha256:2"},
        {"out": {"files": {"/x.env": "A=1"}}},
        {"networks": {"net": {"driver": "bridge"}}},
    ],
)
def test_another_image_file_or_network_is_another_kind(change: dict[str, Any]) -> None:
    assert kind(SECTION, **change) != kind(SECTION)


def test_what_a_service_does_not_use_makes_no_other_kind() -> None:
    networks = {"net": {"labels": {"ours": "1"}}, "other": {"driver": "macvlan", "new": 1}}
    assert kind(SECTION, networks=networks) == kind(SECTION)


@pytest.mark.parametrize(
    "section",
    [
        {"image": "i", "provider": {"type": "x"}},
        {"image": "i", "newer_than_us": 1},
        {"image": "i", "external_links": ["x"]},
        {"image": "i", "pid": "container:x"},
        {"image": "i", "volumes_from": ["container:x:ro"]},
        {"image": "i", "network_mode": "bridge", "links": ["db"]},
        {"image": "i", "network_mode": "bridge", "mac_address": "02:00:00:00:00:01"},
        {"command": "no image"},
    ],
)
def test_what_a_replay_could_get_wrong_has_no_kind(section: dict[str, Any]) -> None:
    assert kind(section) is None


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("networks", {"name": "fixed"}),
        ("networks", {"x-harness": {"fixed": True}}),
        ("networks", {"newer": 1}),
        ("networks", {"ipam": {"options": {"a": "b"}}}),
        ("networks", {"ipam": {"config": [{"newer": 1}]}}),
        ("networks", {"driver_opts": {"mtu": 1500}}),
        ("volumes", {"name": "fixed"}),
        ("volumes", {"newer": 1}),
    ],
)
def test_neither_has_what_uses_a_network_or_volume_that_only_compose_makes(
    key: str, entry: dict[str, Any]
) -> None:
    section = {"image": "i", "networks": {"it": None}, "volumes": [{"source": "it"}]}
    both: dict[str, Any] = {"networks": {"it": {}}, "volumes": {"it": {}}}
    assert kind(section, **both) is not None
    assert kind(section, **{**both, key: {"it": entry}}) is None
    assert kind(section, **{**both, key: {"it": {"name": "theirs", "external": True}}}) is not None


def test_without_its_image_there_is_no_kind() -> None:
    assert kind(SECTION, image_id=None) is None


def test_files_are_named_in_either_form() -> None:
    section = {"env_file": [{"path": "/a.env", "required": False}, "/b.env"], "label_file": "/c"}
    assert files_read(section) == ["/a.env", "/b.env", "/c"]


def test_the_addresses_of_hosts_make_no_other_kind() -> None:
    assert kind({**SECTION, "extra_hosts": ["app=10.219.0.1"]}) == kind(SECTION)
