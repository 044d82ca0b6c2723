"""Which container of an engine a process runs in."""

from __future__ import annotations

import pytest

from harness.engine.inside import container_ids, gateways

ONE, TWO = "e6f8afcdf182fb42" * 4, "97694d6d22f7129f" * 4
LAYER = "f5cf11e7ee444072" * 4
HOST = """\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
42 27 254:0 /var/lib/docker /var/lib/docker rw,relatime shared:1 - ext4 /dev/vda rw
43 42 0:39 / /var/lib/docker/overlay2/{layer}/merged rw - overlay overlay rw
44 42 0:40 / /var/lib/docker/containers/{one}/mounts/shm rw - tmpfs shm rw
"""
DOCKER = """\
76 50 0:39 / / rw - overlay overlay rw,upperdir=/var/lib/docker/overlay2/{layer}/diff
82 81 0:29 /docker/{two} /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu
93 76 254:0 /var/lib/docker/containers/{one}/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda rw
94 76 254:0 /var/lib/docker/containers/{one}/hostname /etc/hostname rw - ext4 /dev/vda rw
"""
PODMAN = """\
94 76 0:25 /containers/overlay-containers/{one}/userdata/hostname /etc/hostname rw - tmpfs t rw
"""


def ids(mountinfo: str = "", cgroup: str = "", hostname: str = "") -> tuple[str, ...]:
    names = {"one": ONE, "two": TWO, "layer": LAYER}
    return container_ids(mountinfo.format(**names), cgroup.format(**names), hostname)


@pytest.mark.parametrize("hostname", ["", "vm", "build-server-7", "deadbeef"])
def test_an_ordinary_machine_asks_no_engine(hostname: str) -> None:
    cgroup = "4:memory:/user.slice/85c952994ca355af10942e56353cf87f\n0::/init.scope\n"
    assert ids(HOST, cgroup, hostname) == ()


@pytest.mark.parametrize("mountinfo", [DOCKER, PODMAN], ids=["docker", "podman"])
def test_the_id_is_where_the_engine_mounts_from(mountinfo: str) -> None:
    assert ids(mountinfo, "0::/\n") == (ONE,)


def test_the_id_is_in_the_cgroup_the_innermost_first() -> None:
    cgroup = "9:cpu:/docker/{one}/docker/{two}\n0::/system.slice/docker-{one}.scope\n"
    assert ids("", cgroup) == (TWO, ONE)


def test_the_host_name_may_be_the_beginning_of_the_id() -> None:
    assert ids("", "", ONE[:12]) == (ONE[:12],)


def test_the_gateways_are_those_of_bridge_networks() -> None:
    networks = {
        "lan": {"Gateway": "192.0.2.1"},
        "ci": {"Gateway": "172.19.0.1"},
        "bridge": {"Gateway": "172.17.0.1"},
        "internal": {"Gateway": ""},
    }
    drivers = {"lan": "macvlan", "ci": "bridge", "bridge": "bridge", "internal": "bridge"}
    assert gateways(networks, drivers) == ["172.17.0.1", "172.19.0.1"]
