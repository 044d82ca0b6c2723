"""What is left when a test is over: nothing."""

from __future__ import annotations

import pytest

from harness.errors import HarnessError, ServiceDiedError

from .lab import Lab, docker_client, file_in

EVERYTHING = """
services:
  app:
    <<: *sleeper
    networks: [front, back]
    volumes: ["named:/named", /anonymous, {type: tmpfs, target: /tmpfs}]
    depends_on: [db, job]
  db: {<<: *sleeper, volumes: [/anonymous], scale: 2}
  job: {<<: *sleeper, command: ["true"]}
  broken:
    <<: *sleeper
    command: sh -c 'exit 8'
    volumes: ["named:/named", /anonymous]
    networks: [front]
    ports: ["80"]
    depends_on: [db]
networks: {front: {}, back: {name: a-name-of-its-own}}
volumes: {named: {}}
"""


def volumes_of(lab: Lab) -> set[str]:
    """Return the volumes, anonymous ones too, that this run's containers have."""
    found = set()
    for container in lab.yard.engine.containers(lab.labels):
        mounts = docker_client().inspect_container(container)["Mounts"]
        found |= {mount["Name"] for mount in mounts if mount["Type"] == "volume"}
    return found


def volumes() -> set[str]:
    return {volume["Name"] for volume in docker_client().volumes()["Volumes"] or ()}


def test_containers_networks_and_volumes_are_gone_after_the_test(lab: Lab) -> None:
    lab.compose(EVERYTHING)
    lease = lab.up("app")
    mounted = volumes_of(lab)
    assert len(mounted) == 4
    assert mounted <= volumes()
    assert len(lab.left()) == 8
    lease.release()
    assert lab.left() == []
    assert not mounted & volumes()


def test_a_start_that_fails_half_way_leaves_nothing(lab: Lab) -> None:
    lab.compose(EVERYTHING)
    lease = lab.lease("app", "broken")
    before = volumes()
    with pytest.raises(ServiceDiedError):
        lease.up()
    assert lab.left() == []
    assert lab.created() == set()
    mine = {name for name in volumes() - before if lab.yard.run.id in name}
    assert mine == set()


def test_a_creation_that_fails_half_way_leaves_nothing(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, volumes: ["named:/named"], depends_on: [refused]}
      refused: {<<: *sleeper, devices: ["/dev/null:relative:rwm"], network_mode: "container:none"}
    volumes: {named: {}}
    """)
    with pytest.raises(HarnessError):
        lab.up("app")
    assert lab.left() == []


def test_a_paused_container_and_one_in_a_restart_loop_are_removed(lab: Lab) -> None:
    lab.compose("""
    services:
      paused: {<<: *sleeper}
      looping: {<<: *sleeper, command: "false", restart: always}
    """)
    lease = lab.up("paused", "looping")
    lease.containers("paused")[0].pause()
    lease.release()
    assert lab.left() == []


def test_a_container_that_the_test_removed_itself_is_no_error(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *sleeper}}")
    lease = lab.up("app")
    lab.client.remove_container(lease.containers("app")[0].id, force=True)
    lease.release()
    assert lab.left() == []


def test_what_the_test_attached_itself_does_not_keep_the_rest(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *sleeper, volumes: ['named:/named']}}\nvolumes: {named: {}}")
    lease = lab.up("app")
    (network,) = [n.split()[1] for n in lab.left() if n.startswith("network")]
    client = docker_client()
    foreign = client.create_container("debian:bookworm-slim", ["sleep", "infinity"])
    try:
        client.connect_container_to_network(foreign["Id"], network)
        client.start(foreign)
        lease.release()
        (refused,) = lab.fleet.removed()
        (name,) = client.inspect_container(foreign)["Name"].split("/")[1:]
        assert f"somebody else has connected containers to it: {name}. Remove" in str(refused)
        assert f"network {network} " in str(refused)
        assert lab.left() == [f"network {network}"]
        assert client.inspect_container(foreign)["State"]["Running"]
    finally:
        client.remove_container(foreign, force=True)
        client.remove_network(network)


def test_down_keeps_named_volumes_for_the_next_up_unless_told_otherwise(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *echo, volumes: ['named:/named']}}\nvolumes: {named: {}}")
    lease = lab.up("app")
    lease.containers("app")[0].exec(["sh", "-c", "echo kept >/named/it"])
    lease.down(volumes=False)
    assert [name.split()[0] for name in lab.left()] == ["volume"]
    assert lease.all_containers() == []
    lease.up(["app"])
    assert file_in(lease.containers("app")[0], "/named/it") == "kept\n"
    lease.down(volumes=True)
    assert lab.left() == []
    lease.up(["app"])
    assert lease.containers("app")[0].exec(["ls", "/named"]).output == ""
