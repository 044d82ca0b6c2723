"""Two stacks never meet, whatever the compose file fixes."""

from __future__ import annotations

from .lab import Lab, docker_client, pytest_run

FIXED_EVERYWHERE = """
services:
  app:
    <<: *echo
    container_name: the-one-app
    hostname: app-host
    ports: ["24680:8080"]
    networks: {net: {aliases: [nick]}}
    volumes: ["data:/data"]
  peer: {<<: *sleeper, networks: [net], container_name: the-one-peer}
networks: {net: {name: the-one-net}}
volumes: {data: {name: the-one-volume}}
"""


# Two of these run at the same time: each goes on when the other's containers are there too.
MEETING = """
import os, pathlib, pytest, socket, time

@pytest.mark.services("app", "peer")
def test_alone(container_getter):
    app = container_getter.get("app")
    with socket.create_connection(("127.0.0.1", app.port(8080)), timeout=10) as link:
        link.sendall(b"hello\\n")
        assert link.recv(99) == b"hello\\n"
    assert app.exec(["ls", "/data"]).output == ""
    app.exec(["touch", "/data/" + os.environ["ME"]])
    peers = container_getter.get("peer").exec(["getent", "hosts", "the-one-app"]).output
    assert len(peers.splitlines()) == 1
    pathlib.Path("ready-" + os.environ["ME"]).touch()
    deadline = time.monotonic() + 60
    while not pathlib.Path("ready-" + os.environ["OTHER"]).exists():
        assert time.monotonic() < deadline
    assert app.exec(["ls", "/data"]).output == os.environ["ME"] + "\\n"
"""


def test_two_runs_of_one_project_do_not_meet(lab: Lab) -> None:
    lab.compose(FIXED_EVERYWHERE)
    lab.write("test_meeting.py", MEETING)
    with (
        pytest_run(lab.root, ME="one", OTHER="two") as one,
        pytest_run(lab.root, ME="two", OTHER="one") as two,
    ):
        told = [run.communicate()[0] for run in (one, two)]
    assert [one.returncode, two.returncode] == [0, 0], "".join(told)


def test_a_container_name_stays_a_host_name(lab: Lab) -> None:
    lab.compose(FIXED_EVERYWHERE)
    peer = lab.up("app", "peer").containers("peer")[0]
    addresses = {
        peer.exec(["getent", "hosts", name]).output.split()[0]
        for name in ("the-one-app", "app", "nick")
    }
    assert len(addresses) == 1


def test_a_container_name_does_no_harm_where_there_is_no_network(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, container_name: the-one, network_mode: none}
      peer: {<<: *sleeper, container_name: the-other, network_mode: "service:base"}
      base: {<<: *sleeper, container_name: the-base}
    """)
    assert [c.status for c in lab.up("app", "peer").all_containers()] == ["running"] * 3


def test_what_existed_before_the_run_is_there_after_it(lab: Lab) -> None:
    client, name = docker_client(), f"before-{lab.root.name}"
    client.create_volume(name)
    client.create_network(name)
    try:
        put(name, "precious")
        for fixed in ("", "x-harness: {fixed: true}"):
            lab.compose(f"""
            services:
              app: {{<<: *sleeper, volumes: ["data:/data"], networks: [net]}}
            volumes: {{data: {{name: {name}, {fixed}}}}}
            networks: {{net: {{name: {name}}}}}
            """)
            run = lab.again()
            app = run.container("app")
            seen = app.exec(["sh", "-c", "cat /data/*"])
            assert (seen.output == "precious") is bool(fixed)
            assert run.stop() == []
        assert read(name) == "precious"
        assert len(client.networks(names=[name])) == 1
    finally:
        client.remove_network(name)
        client.remove_volume(name)


def test_an_external_volume_and_network_are_used_and_said_to_be_written_into(lab: Lab) -> None:
    client, name = docker_client(), f"external-{lab.root.name}"
    client.create_volume(name)
    client.create_network(name)
    try:
        lab.compose(f"""
        services:
          app:
            <<: *sleeper
            volumes: ["data:/data"]
            networks: [net]
            container_name: app-{lab.root.name}
        volumes: {{data: {{external: true, name: {name}}}}}
        networks: {{net: {{external: true, name: {name}}}}}
        """)
        lease = lab.up("app")
        app = lease.containers("app")[0]
        app.exec(["sh", "-c", "printf kept >/data/it"])
        assert name in lab.client.inspect_container(app.id)["NetworkSettings"]["Networks"]
        assert [w for w in lab.warned if "external: tests write into it" in w] == [
            f"the volume {name!r} is external: tests write into it, and the harness neither makes "
            "nor removes it",
            f"the network {name!r} is external: tests write into it, and the harness neither makes "
            "nor removes it",
        ]
        lease.release()
        assert read(name) == "kept"
        assert len(client.networks(names=[name])) == 1
    finally:
        lab.fleet.close()
        client.remove_network(name)
        client.remove_volume(name)


def put(volume: str, text: str) -> None:
    run_on(volume, f"printf '{text}' >/data/it")


def read(volume: str) -> str:
    return run_on(volume, "cat /data/it")


def run_on(volume: str, command: str) -> str:
    """Run a command on a volume, in a container that the harness knows nothing of."""
    client = docker_client()
    container = client.create_container(
        "debian:bookworm-slim",
        ["sh", "-c", command],
        host_config=client.create_host_config(binds=[f"{volume}:/data"]),
    )
    try:
        client.start(container)
        assert client.wait(container)["StatusCode"] == 0
        text: str = client.logs(container).decode()
        return text
    finally:
        client.remove_container(container)
