"""Many runs, workers and users at once: no name, port or network is shared by accident."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.engine.lab import BASES

from .victim import Victim, second_home

PUBLISHED = BASES + "services: {app: {<<: *echo, networks: [own]}}\nnetworks: {own: {}}\n"
FIXED = """\
services:
  app: {image: "debian:bookworm-slim", command: [sleep, infinity], networks: [fixed]}
networks:
  fixed: {name: %s, x-harness: {fixed: true}}
"""
# Each test says what it has, and goes on when as many as are wanted have said so.
TELL = """\
import json, os, time, uuid
from pathlib import Path
import docker, pytest

TOLD = Path(os.environ["TOLD"])

@pytest.mark.app
@pytest.mark.parametrize("number", range(int(os.environ["EACH"])))
def test_app(container_getter, number):
    app = container_getter.get("app")
    client = docker.from_env().api
    inspected = client.inspect_container(app.id)
    (network,) = inspected["NetworkSettings"]["Networks"]
    (pool,) = client.inspect_network(network)["IPAM"]["Config"]
    has = {
        "name": inspected["Name"],
        "port": [i.host_port for i in app.network_info],
        "network": network,
        "subnet": pool["Subnet"],
        "same": len(client.networks(names=[network])),
    }
    draft = TOLD / uuid.uuid4().hex
    draft.write_text(json.dumps(has))
    draft.rename(draft.with_suffix(".told"))
    while len([*TOLD.glob("*.told")]) < int(os.environ["WANTED"]):
        time.sleep(0.02)
"""


def told(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in folder.glob("*.told")]


def run_together(
    folder: Path, *runs: tuple[Victim, tuple[str, ...]], each: int, wanted: int
) -> None:
    """Run pytest for each, and wait for all."""
    environment = {"TOLD": str(folder), "EACH": str(each), "WANTED": str(wanted)}
    with ExitStack() as running:
        processes = [
            running.enter_context(victim.running(*args, **environment, OUTPUT=str(number)))
            for number, (victim, args) in enumerate(runs)
        ]
        for (victim, _), process in zip(runs, processes, strict=True):
            assert process.wait(timeout=200) == 0, victim.output
    for victim, _ in runs:
        victim.nothing_left()


def differ(has: list[dict[str, Any]], *keys: str) -> None:
    for key in keys:
        counted = Counter(json.dumps(entry[key]) for entry in has)
        assert counted.most_common(1)[0][1] == 1, counted


def prepare(victim: Victim, compose: str = PUBLISHED) -> Victim:
    victim.write("compose/app.yml", compose)
    victim.write("test_it.py", TELL)
    return victim


def test_eight_workers(victim: Victim, tmp_path: Path) -> None:
    run_together(tmp_path, (prepare(victim), ("-n8",)), each=8, wanted=8)
    has = told(tmp_path)
    assert len(has) == 8
    differ(has, "name", "port", "network", "subnet")


def test_two_runs_of_one_checkout_at_the_same_moment(victim: Victim, tmp_path: Path) -> None:
    prepare(victim)
    run_together(tmp_path, (victim, ()), (victim, ()), each=1, wanted=2)
    has = told(tmp_path)
    assert len(has) == 2
    differ(has, "name", "port", "network", "subnet")


def test_two_users_who_have_no_lock_in_common(victim: Victim, tmp_path: Path) -> None:
    with second_home(victim, "other") as other:
        run_together(tmp_path, (prepare(victim), ()), (prepare(other), ()), each=1, wanted=2)
    has = told(tmp_path)
    assert len(has) == 2
    differ(has, "name", "port", "network", "subnet")


def test_one_network_of_a_fixed_name_is_there_once(victim: Victim, tmp_path: Path) -> None:
    """The engine makes two of one name if it is asked twice at the same moment."""
    prepare(victim, FIXED % tmp_path.name)
    run_together(tmp_path, (victim, ("-n2",)), (victim, ("-n2",)), each=4, wanted=0)
    has = told(tmp_path)
    assert len(has) == 8
    assert {entry["network"] for entry in has} == {tmp_path.name}
    assert {entry["same"] for entry in has} == {1}
    differ(has, "name")
