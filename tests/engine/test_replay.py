"""What is created from a recording is what Compose would have created."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.engine.protocol import Composer
from harness.errors import EngineRefusedError
from harness.lease.labels import stack_labels
from harness.plan.stackfile import Choices, stack_document
from harness.plan.subnets import room_wanted
from harness.stack.creator import Creator

from .every_key import APP, DOCKERFILE, IMAGE, SERVER
from .lab import Lab, answer, file_in


class Counting:
    """Compose, and how often it was asked to create what."""

    def __init__(self, composer: Composer) -> None:
        self.composer = composer
        self.version = composer.version
        self.created: list[list[str]] = []

    def create(self, project: str, file: Path, services: Sequence[str]) -> None:
        self.created.append([*services])
        self.composer.create(project, file, services)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.composer, name)


class Site:
    """Creates stacks of a lab's project, and starts nothing."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.compose = Counting(lab.yard.composer)
        self.creator = Creator(lab.yard.engine, self.compose, lab.yard.subnets)
        self.ports: dict[str, dict[str, list[int | None]]] = {}

    @classmethod
    @contextmanager
    def of(cls, lab: Lab) -> Iterator[Site]:
        """Give a site; all that was created there is removed."""
        try:
            yield cls(lab)
        finally:
            lab.yard.engine.remove(lab.labels)

    def labels(self, stack: str) -> dict[str, str]:
        return stack_labels(self.lab.yard.run.id, stack)

    def written(self, stack: str, *names: str, **env: Mapping[str, str]) -> tuple[Path, Any]:
        yard = self.lab.yard
        services = yard.project.closure(names)
        yard.images.ensure(services)
        ports = self.ports.setdefault(stack, {})
        for service in services:
            one = service.replicas == 1
            ports.setdefault(
                service.name, [yard.claims.claim() if one else None for _ in service.ports]
            )
        chosen = Choices(
            self.labels(stack),
            "127.0.0.1",
            ports,
            yard.images.chosen(services),
            env,
            subnets=yard.subnets.claim(stack, room_wanted(yard.project, services)),
        )
        document = stack_document(yard.project, services, chosen)
        file = yard.folder / f"{stack}.json"
        file.write_text(json.dumps(document))
        return file, document

    def create(self, stack: str, *names: str, **env: Mapping[str, str]) -> list[list[str]]:
        """Create services and their closure; return what Compose was asked for."""
        before = len(self.compose.created)
        file, document = self.written(stack, *names, **env)
        services = [*document["services"]]
        self.creator.create(stack, self.labels(stack), file, document, services, {})
        return self.compose.created[before:]

    def create_by_compose(self, stack: str, *names: str) -> None:
        file, document = self.written(stack, *names)
        self.lab.yard.composer.create(stack, file, [*document["services"]])

    def containers(self, stack: str) -> dict[str, str]:
        return dict(self.lab.yard.engine.made(self.labels(stack)).containers)

    def look(self, stack: str) -> dict[str, Any]:
        """Return all that the engine says of a stack, without what is each stack's own."""
        engine, client = self.lab.yard.engine, self.lab.client
        made = engine.made(self.labels(stack))
        raw: dict[str, Any] = {n: engine.inspect(i) for n, i in made.containers.items()}
        assert {n: r["HostConfig"]["PortBindings"] for n, r in raw.items()} == {
            n: self.bindings(stack, r) for n, r in raw.items()
        }
        raw |= {f"network {n}": client.inspect_network(n) for n in made.networks}
        raw |= {f"volume {n}": client.inspect_volume(n) for n in made.volumes}
        for name, each in raw.items():
            for key in ("Created", "CreatedAt", "GraphDriver", "LogPath"):
                each.pop(key, None)
            # of the whole section, our labels and ports with it; networks and volumes have none
            labels = each.get("Labels") or each["Config"]["Labels"]
            labels.pop("com.docker.compose.config-hash", None)
            if name.endswith("_default"):
                del each["IPAM"]["Config"]  # a subnet of its own
        text = json.dumps(raw, sort_keys=True)
        names = {i: n for n, i in made.containers.items()}
        names |= {client.inspect_network(n)["Id"]: n for n in made.networks}
        for identity, name in names.items():
            text = text.replace(identity, f"id of {name}").replace(identity[:12], f"short {name}")
        found: dict[str, Any] = json.loads(text.replace(stack, "STACK"))
        for name, each in found.items():
            if " " not in name:
                _in_order(each)
        return found

    def bindings(self, stack: str, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the port bindings that a container must have."""
        service = raw["Config"]["Labels"]["com.docker.compose.service"]
        bound: dict[str, Any] = {}
        declared = self.lab.yard.project.services[service].ports
        for port, chosen in zip(declared, self.ports[stack][service], strict=True):
            entry = {"HostIp": "127.0.0.1", "HostPort": str(chosen or "")}
            bound.setdefault(str(port), []).append(entry)
        return bound


def _in_order(container: dict[str, Any]) -> None:
    """Order what Compose puts in any order, and take away the names of anonymous volumes."""
    host, config = container["HostConfig"], container["Config"]
    host["PortBindings"] = list(host["PortBindings"] or ())
    host["Mounts"] = sorted(host.get("Mounts") or (), key=lambda mount: mount["Target"])
    # of a service with replicas Compose takes the volumes of any
    host["VolumesFrom"] = [re.sub(r"(-many-)\d", r"\1N", v) for v in host["VolumesFrom"] or ()]
    host["Ulimits"] = sorted(host["Ulimits"] or (), key=lambda limit: limit["Name"])
    for values in (host, config, *container["NetworkSettings"]["Networks"].values()):
        for key in ("Aliases", "Binds", "Env", "ExtraHosts", "Links", "VolumesFrom"):
            if values.get(key):
                values[key] = sorted(values[key])
    on = config["Labels"]["com.docker.compose.depends_on"]
    config["Labels"]["com.docker.compose.depends_on"] = sorted(on.split(","))
    container["Mounts"].sort(key=lambda mount: mount["Destination"])
    for mount in container["Mounts"]:
        for key in ("Name", "Source"):
            mount[key] = re.sub(r"\b[0-9a-f]{64}\b", "anonymous", mount.get(key) or "")


@pytest.fixture
def theirs(lab: Lab) -> Iterator[str]:
    """A network and a volume that the harness did not make."""
    name = f"theirs-{lab.root.name}"
    lab.client.create_network(name)
    lab.client.create_volume(name)
    yield name
    lab.client.remove_network(name)
    lab.client.remove_volume(name)


def one_after_the_other(site: Site, *names: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Look at a stack that Compose created, and at one that was created from a recording.

    They come one after the other: a compose file may fix what two cannot both have.
    """
    stacks = [f"harness-{site.lab.yard.run.id}-{n}" for n in (1, 2, 12)]
    site.create_by_compose(stacks[0], *names)
    by_compose = site.look(stacks[0])
    site.lab.yard.engine.remove(site.labels(stacks[0]))
    assert site.create(stacks[1], *names) != []
    site.lab.yard.engine.remove(site.labels(stacks[1]))
    assert site.create(stacks[2], *names) == []
    return by_compose, site.look(stacks[2])


def differing(one: Any, other: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    """Return where two answers of the engine differ, and how."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return {} if one == other else {path: (one, other)}
    found: dict[str, tuple[Any, Any]] = {}
    for key in {**one, **other}:
        found |= differing(one.get(key, "nothing"), other.get(key, "nothing"), f"{path}/{key}")
    return found


def test_every_key_comes_to_the_same(
    lab: Lab, theirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSED_ON", "it")
    lab.write("app.env", "FROM_FILE=1\nPASSED_ON_TOO\n")
    lab.write("some.txt", "text")
    lab.compose(SERVER + APP.replace("THEIRS", theirs))
    with Site.of(lab) as site:
        by_compose, replayed = one_after_the_other(site, *lab.yard.project.services)
        assert len(by_compose) == 11
        assert differing(by_compose, replayed) == {}


def test_what_an_image_says_comes_to_the_same(lab: Lab) -> None:
    lab.dockerfile(*DOCKERFILE)
    lab.compose(IMAGE)
    with Site.of(lab) as site:
        by_compose, replayed = one_after_the_other(site, *lab.yard.project.services)
        assert len(by_compose) == 13
        assert differing(by_compose, replayed) == {}


STACK = """
services:
  app: {<<: *echo, links: [db], volumes: ["data:/data"], environment: {WORD: "one"}}
  db: {<<: *sleeper, volumes: ["data:/data"]}
  beside: {<<: *sleeper, network_mode: service:db}
volumes: {data: {}}
"""


def test_a_service_is_created_by_compose_once_a_run(lab: Lab) -> None:
    lab.compose(STACK)
    first = lab.up("app", "beside")
    one = first.containers("app")[0]
    creator = lab.yard.creator
    assert isinstance(creator, Creator)
    compose = creator._composer = Counting(lab.yard.composer)
    second = lab.up("app", "beside", test="other")
    assert compose.created == []
    (other,) = second.containers("app")
    assert other.id != one.id
    assert answer(other.port(8080)) == answer(one.port(8080)) == "hello"
    assert other.exec(["touch", "/data/mine"]).exit_code == 0
    (db,) = second.containers("db")
    (beside,) = second.containers("beside")
    assert file_in(db, "/data/mine") == ""
    assert file_in(beside, "/proc/sys/kernel/hostname").strip() == db.id[:12]
    assert one.exec(["test", "-e", "/data/mine"]).exit_code == 1
    assert other.exec(["getent", "hosts", "db"]).exit_code == 0
    first.release()
    assert answer(other.port(8080)) == "hello"


def test_what_a_stack_has_stays_when_more_is_created(lab: Lab) -> None:
    lab.compose(STACK)
    with Site.of(lab) as site:
        stacks = [f"harness-{lab.yard.run.id}-{n}" for n in (1, 2, 3)]
        assert site.create(stacks[0], "app", "beside") == [["db", "app", "beside"]]
        assert site.create(stacks[1], "db") == []
        (db,) = site.containers(stacks[1]).values()
        assert site.create(stacks[1], "beside") == []
        assert site.create(stacks[1], "app", "beside") == []
        assert site.containers(stacks[1])[f"{stacks[1]}-db-1"] == db
        assert differing(site.look(stacks[0]), site.look(stacks[1])) == {}
        # Compose leaves it alone as well
        assert site.create(stacks[1], "app", app={"WORD": "two"}) == [["db", "app"]]
        lab.yard.engine.discard(site.containers(stacks[1])[f"{stacks[1]}-app-1"])
        assert site.create(stacks[1], "app", app={"WORD": "two"}) == [["db", "app"]]
        assert site.containers(stacks[1])[f"{stacks[1]}-db-1"] == db
        lab.yard.engine.discard(site.containers(stacks[1])[f"{stacks[1]}-app-1"])
        assert site.create(stacks[1], "app", app={"WORD": "two"}) == []
        assert len(site.containers(stacks[1])) == 3


def test_what_a_container_is_made_from_decides_whether_it_can_be_made_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.compose("""
    services:
      app:
        image: made
        build: ./app
        command: [sleep, infinity]
        environment: [PASSED_ON]
        env_file: [../app.env]
    """)
    lab.dockerfile()
    lab.write("app.env", "A=1\nB=${REFERENCE:-}\n")
    with Site.of(lab) as site:
        stacks = (f"harness-{lab.yard.run.id}-{n}" for n in range(1, 99))

        def env() -> tuple[str, list[str]]:
            """Say who created the next stack, and the environment of its container."""
            stack = next(stacks)
            by = "Compose" if site.create(stack, "app") else "us"
            (identity,) = site.containers(stack).values()
            found = lab.yard.engine.inspect(identity)["Config"]["Env"]
            return by, sorted(e for e in found if not e.startswith("PATH="))

        assert env() == ("Compose", ["A=1", "B=", "PASSED_ON"])
        assert env() == ("us", ["A=1", "B=", "PASSED_ON"])
        monkeypatch.setenv("PASSED_ON", "x")
        assert env() == ("Compose", ["A=1", "B=", "PASSED_ON=x"])
        monkeypatch.setenv("REFERENCE", "y")
        assert env() == ("Compose", ["A=1", "B=y", "PASSED_ON=x"])
        lab.write("app.env", "A=2\n")
        assert env() == ("Compose", ["A=2", "PASSED_ON=x"])
        assert env() == ("us", ["A=2", "PASSED_ON=x"])
        lab.dockerfile("ENV OF_IMAGE=1")
        lab.yard.images._ready.clear()
        assert env() == ("Compose", ["A=2", "OF_IMAGE=1", "PASSED_ON=x"])
        assert env() == ("us", ["A=2", "OF_IMAGE=1", "PASSED_ON=x"])


@pytest.mark.parametrize(
    "section",
    [
        "network_mode: bridge, links: [db]",
        "network_mode: 'container:THEIRS'",
        "external_links: ['THEIRS:x']",
        "networks: [fixed]",
        "volumes: ['fixed:/v']",
    ],
)
def test_what_could_come_to_something_else_is_left_to_compose(lab: Lab, section: str) -> None:
    name = f"theirs-{lab.root.name}"
    lab.compose(f"""
    services:
      app: {{<<: *sleeper, {section.replace("THEIRS", name)}}}
      db: {{<<: *sleeper, network_mode: bridge}}
    networks: {{fixed: {{name: {name}, x-harness: {{fixed: true}}}}}}
    volumes: {{fixed: {{name: {name}, x-harness: {{fixed: true}}}}}}
    """)
    theirs = lab.client.create_container("debian:bookworm-slim", "true", name=name)["Id"]
    try:
        with Site.of(lab) as site:
            for number in (1, 2):
                stack = f"harness-{lab.yard.run.id}-{number}"
                assert site.create(stack, "app") != []
                lab.yard.engine.remove(site.labels(stack))
    finally:
        lab.client.remove_container(theirs)


def test_a_users_word_that_looks_like_a_name_of_ours_is_not_taken_for_one(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *sleeper}}")
    with Site.of(lab) as site:
        stacks = [f"harness-{lab.yard.run.id}-{n}" for n in (1, 2)]
        word = {"PEER": f"{stacks[0]}-app-1"}
        assert site.create(stacks[0], "app", app=word) == [["app"]]
        assert site.create(stacks[1], "app", app=word) == [["app"]]
        (identity,) = site.containers(stacks[1]).values()
        assert "PEER=" + word["PEER"] in lab.yard.engine.inspect(identity)["Config"]["Env"]


def test_a_refusal_names_the_service_and_leaves_nothing_unlabelled(lab: Lab) -> None:
    lab.write("some.txt", "text")
    lab.compose("""
    services:
      app:
        <<: *sleeper
        volumes: [{type: bind, source: ../some.txt, target: /x, bind: {create_host_path: false}}]
        depends_on: [db]
      db: {<<: *sleeper}
    """)
    with Site.of(lab) as site:
        assert site.create(f"harness-{lab.yard.run.id}-1", "app") == [["db", "app"]]
        (lab.root / "some.txt").unlink()
        with pytest.raises(EngineRefusedError, match=r"service 'app' could not be created: .*some"):
            site.create(f"harness-{lab.yard.run.id}-2", "app")
    assert lab.left() == []
