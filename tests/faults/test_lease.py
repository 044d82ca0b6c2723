"""What is ours says so, and whose it is."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from harness.lease import labels
from harness.lease.labels import expiry_of, owner_of
from harness.lease.marks import VARIABLE
from harness.lease.process import boot_id, is_alive
from tests.eventually import eventually

from .steps import IN_THE_TEST
from .test_random_kills import tell
from .victim import Victim

MANY = """\
services:
  app:
    image: debian:bookworm-slim
    command: [sleep, infinity]
    deploy: {replicas: 20}
    volumes: ["data:/data", "/anonymous"]
volumes: {data: {}}
"""
BUILT = {
    "compose/app.yml": "services: {app: {build: ., command: [sleep, infinity]}}\n",
    "compose/Dockerfile": "FROM debian:bookworm-slim\nRUN echo %s; sleep 600\n",
}


def test_everything_carries_the_labels(victim: Victim) -> None:
    with victim.running("-n1", step=IN_THE_TEST) as process:
        worker = victim.reached()
        things = victim.engine.things(victim.labels)
        assert sorted(t.kind for t in things) == ["container", "container", "network", "volume"]
        for thing in things:
            owner = owner_of(thing.labels)
            assert owner is not None
            assert owner.pid == worker
            assert is_alive(owner)
            assert thing.labels[labels.BOOT] == boot_id()
            assert thing.labels[labels.WORKER] == "gw0"
            expires = expiry_of(thing.labels)
            assert expires is not None
            assert expires > time.time() + 23 * 3600
            assert {labels.RUN, labels.STACK, labels.MADE} <= thing.labels.keys()
        victim.go()
        assert process.wait(timeout=60) == 0, victim.output
    victim.nothing_left()


def test_the_reaper_answers_before_anything_is_made(victim: Victim) -> None:
    with victim.running(step="before the reaper answers") as process:
        victim.reached()
        assert victim.things() == []
        assert len(victim.records()) >= 1
        victim.go()
        assert process.wait(timeout=60) == 0, victim.output
    victim.nothing_left()


def test_a_reaper_that_cannot_start_has_nothing_made(victim: Victim) -> None:
    victim.write("python", "#!/bin/sh\necho no reaper today >&2\nexit 1\n")
    (victim.root / "python").chmod(0o755)
    victim.write(
        "conftest.py",
        "import types\nimport harness.lease.spawn as spawn\n"
        f"spawn.sys = types.SimpleNamespace(executable={str(victim.root / 'python')!r}, path=[])\n",
    )
    assert victim.run() == 1
    assert "wanted the process that removes containers when pytest is killed" in victim.output
    assert "no reaper today" in victim.output
    assert "Traceback" not in victim.output
    victim.nothing_left()


@pytest.mark.parametrize("module", ["enum", "json", "signal", "types"])
def test_the_reaper_starts_beside_tests_that_are_named_like_pythons_modules(
    victim: Victim, module: str
) -> None:
    (victim.root / "tests").mkdir()
    victim.write(f"tests/{module}.py", "raise ImportError('not this one')\n")
    victim.write("tests/test_it.py", "import pytest\n@pytest.mark.app\ndef test(): pass\n")
    assert victim.run("tests") == 0, victim.output
    victim.nothing_left()


def test_the_reaper_is_out_of_reach_of_who_ends_a_control_group(victim: Victim) -> None:
    with victim.running(step=IN_THE_TEST) as process:
        victim.reached()
        groups = control_groups(victim.reaper())
        allowed = os.access("/sys/fs/cgroup/cgroup.procs", os.W_OK) or os.geteuid() == 0
        assert (groups != control_groups(process.pid)) == allowed
        victim.go()
        assert process.wait(timeout=60) == 0, victim.output
    victim.nothing_left()
    made = [g for g in groups if "pytest-compose-harness" in g]
    names = [g.rpartition("/")[2] for g in made]
    assert not [p for name in names for p in Path("/sys/fs/cgroup").glob(f"*/{name}")]


def control_groups(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cgroup").read_text().splitlines()


def test_twenty_containers_go(victim: Victim) -> None:
    victim.write("compose/app.yml", MANY)
    victim.write("test_it.py", "def test(app): pass\n")
    with victim.running(step=IN_THE_TEST) as process:
        victim.reached()
        volumes = anonymous(victim)
        assert len(volumes) == 20
        os.kill(process.pid, signal.SIGKILL)
        killed = time.monotonic()
        victim.nothing_left()
        gone = time.monotonic() - killed
    client = victim.engine.client
    there = {v["Name"] for v in client.volumes()["Volumes"] or []}
    assert not there & volumes
    tell(
        f"20 containers, their network and 21 volumes: gone {gone:.1f} s after the death of pytest"
    )


def anonymous(victim: Victim) -> set[str]:
    """Return the names of the volumes that the containers have, and that no label tells."""
    found = [victim.engine.inspect(c) for c in victim.engine.containers(victim.labels)]
    mounts = [m for inspected in found for m in inspected["Mounts"]]
    return {str(m["Name"]) for m in mounts if m["Destination"] == "/anonymous"}


def test_a_build_goes_with_its_run(victim: Victim) -> None:
    for path, text in BUILT.items():
        victim.write(path, text.replace("%s", victim.root.name))
    with victim.running() as process:
        eventually(lambda: builds(victim), timeout=60)
        marked = [p for p in psutil.process_iter() if marked_by(p, process.pid)]
        assert marked
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    victim.nothing_left()
    eventually(lambda: builds(victim), lambda left: not left)


def builds(victim: Victim) -> list[str]:
    """Return the containers in which the image is built."""
    found = victim.engine.client.containers(all=True)
    return [str(c["Id"]) for c in found if victim.root.name in c["Command"]]


def marked_by(process: psutil.Process, pid: int) -> bool:
    try:
        return f"/member-{pid}-" in process.environ().get(VARIABLE, "")
    except psutil.Error:
        return False
