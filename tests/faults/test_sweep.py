"""What even the reaper could not remove goes with the next run, or by hand; nothing else does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.engine.protocol import Thing
from harness.lease.labels import RUN
from harness.lease.sweep import abandoned
from tests.engine.inside import Inside, ended, made_inside, socket_of_engine
from tests.engine.lab import docker_client, gateway
from tests.engine.proxy import engine_at
from tests.eventually import eventually

from .steps import IN_THE_TEST
from .victim import Victim, second_home

BRIEFLY = ("-k", "test_three")
SHARED = "[pytest]\nharness_isolation = shared\n"


def prune(victim: Victim, *args: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / "harness"), "prune", *args],
        env=victim.environment,
        input=answer,
        capture_output=True,
        text=True,
        check=False,
    )


def leave(victim: Victim) -> list[Thing]:
    """Have a run leave what only the death of a machine can leave; return that."""
    with victim.running(step=IN_THE_TEST) as process:
        victim.reached()
        os.kill(victim.reaper(), signal.SIGKILL)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    return victim.engine.things(victim.labels)


def test_prune_removes_what_runs_have_left(victim: Victim) -> None:
    left = sorted(map(str, leave(victim)))
    dry = prune(victim, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "2 containers, 1 network, 1 volume would be removed." in dry.stdout
    assert all(name.split()[1] in dry.stdout for name in left)
    assert sorted(map(str, victim.engine.things(victim.labels))) == left
    done = prune(victim)
    assert done.returncode == 0, done.stderr
    assert "2 containers, 1 network, 1 volume removed." in done.stdout
    victim.nothing_left()
    assert prune(victim).stdout == "Nothing to remove.\n"


def test_prune_takes_a_live_run_only_when_it_is_told_to(victim: Victim) -> None:
    with victim.running(step=IN_THE_TEST) as process:
        victim.reached()
        assert prune(victim).stdout == "Nothing to remove.\n"
        asked = prune(victim, "--all", answer="n\n")
        assert asked.returncode == 1
        assert "Tests that run now lose their services." in asked.stdout
        assert len(victim.engine.things(victim.labels)) == 4
        assert prune(victim, "--all", answer="y\n").returncode == 0
        assert victim.engine.things(victim.labels) == []
        victim.go()
        process.wait(timeout=60)
    victim.nothing_left()


def test_prune_says_what_is_wrong_with_the_engine(victim: Victim) -> None:
    victim.environment["DOCKER_HOST"] = "tcp://127.0.0.1:9"
    done = prune(victim)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: wanted a Docker Engine at tcp://127.0.0.1:9")
    assert "Traceback" not in done.stderr
    del victim.environment["DOCKER_HOST"]


def test_kept_stacks_stay_until_they_expire(victim: Victim) -> None:
    victim.write("pytest.ini", SHARED)
    assert victim.run("--harness-keep", "--harness-keep-for=1h") == 0, victim.output
    kept = victim.engine.things(victim.labels)
    assert {t.kind for t in kept} == {"container", "network", "volume"}
    assert not victim.records()
    assert prune(victim).stdout == "Nothing to remove.\n"
    assert victim.run("--harness-isolation=fresh", *BRIEFLY) == 0, (
        victim.output
    )  # another run's sweep
    assert victim.engine.things(victim.labels) == kept
    assert victim.run("--harness-keep") == 0, victim.output
    assert {t.id for t in victim.engine.things(victim.labels)} == {t.id for t in kept}
    expire(victim)
    told = prune(victim).stdout
    assert all(thing.name in told for thing in kept)  # long names stand in one piece
    assert "removed." in told
    victim.nothing_left()


def test_kept_stacks_do_not_expire_while_a_run_uses_them(victim: Victim) -> None:
    victim.write("pytest.ini", SHARED)
    with victim.running("--harness-keep", step=IN_THE_TEST) as process:
        victim.reached()
        expire(victim)
        assert prune(victim).stdout == "Nothing to remove.\n"
        victim.go()
        assert process.wait(timeout=60) == 0, victim.output
    assert prune(victim).stdout == "Nothing to remove.\n"  # its end was their last use
    expire(victim)
    assert victim.run(*BRIEFLY) == 0, victim.output
    assert "removing what an earlier run left: 2 containers" in victim.output
    victim.nothing_left()


def expire(victim: Victim) -> None:
    """Have the kept stacks of a project expire now."""
    (until,) = victim.temporary.glob("*/kept-*.until")
    os.utime(until, (0, 0))


@pytest.mark.parametrize("strict", [False, True])
def test_a_run_tells_what_it_has_left(victim: Victim, strict: bool) -> None:
    victim.write(
        "test_it.py",
        f"""
import docker, pytest
@pytest.mark.app
def test_leaves(container_getter):
    client = docker.from_env().api
    labels = client.inspect_container(container_getter.get("app").id)["Config"]["Labels"]
    ours = {{k: v for k, v in labels.items() if k.startswith("pytest-compose-harness.")}}
    ours["pytest-compose-harness.stack"] = "another"
    client.create_volume("{victim.root.name}", labels=ours)
""",
    )
    code = victim.run(*["--harness-strict"] * strict)
    assert f"harness: this run has left volume {victim.root.name}" in victim.output
    assert code == (1 if strict else 0), victim.output
    assert f"{victim.root.name}" in prune(victim, "--dry-run").stdout
    assert prune(victim).returncode == 0
    victim.nothing_left()


@pytest.fixture(scope="module")
def inside() -> Iterator[Inside]:
    with made_inside(f"sweep-{os.getpid()}") as made:
        yield made


def test_two_containers_on_one_socket_leave_each_other_alone(
    inside: Inside, victim: Victim
) -> None:
    """They have one home and one boot id, and both runs are process 1."""
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "tests.faults.steps")
    told = {k: v for k, v in victim.environment.items() if k.startswith("TESTS_FAULTS")}
    told["XDG_STATE_HOME"] = victim.environment["XDG_STATE_HOME"]
    holding = {**told, "TESTS_FAULTS_STEP": IN_THE_TEST}
    with inside.started(command, victim.root, **holding) as first:
        eventually(lambda: (victim.root / "reached").read_text())
        run = run_of(first)
        before = docker_things(run)
        with inside.started(command, victim.root, **told) as second:
            code, output = ended(second)
        assert code == 0, output
        assert "removing" not in output
        assert docker_things(run) == before
        assert len(before) >= 2
        victim.go()
        code, output = ended(first)
        assert code == 0, output
    assert docker_things(run) == []


def test_two_clients_of_one_remote_engine_leave_each_other_alone(victim: Victim) -> None:
    """Each has a machine of its own: it knows nothing of the other's processes."""
    with (
        engine_at(gateway("bridge"), socket_of_engine()) as where,
        second_home(victim, "other") as other,
    ):
        for client in (victim, other):
            client.environment["DOCKER_HOST"] = where
        with victim.running(step=IN_THE_TEST) as process:
            victim.reached()
            before = victim.engine.things(victim.labels)
            left = leave(other)
            assert other.run(*BRIEFLY) == 0, other.output
            assert f"removing what an earlier run left: {len(left) - 2} containers" in other.output
            assert victim.engine.things(victim.labels) == before
            assert victim.labels != other.labels
            victim.go()
            assert process.wait(timeout=60) == 0, victim.output
        other.nothing_left()
        victim.nothing_left()


def test_what_another_origin_has_made_goes_once_it_has_expired(victim: Victim) -> None:
    left = {t.id for t in leave(victim)}
    a_day = 86_400
    for later, expired in ((0, False), (a_day - 600, False), (a_day + 600, True)):
        with abandoned(victim.engine, time.time() + later) as found:
            assert left & {t.id for t in found} == (left if expired else set())


def run_of(container: str) -> str:
    """Return the run whose tests run in a container: the only one that its log names."""
    things = docker_client().containers(all=True, filters={"label": [RUN]})
    folder = docker_client().inspect_container(container)["Config"]["WorkingDir"]
    label = "com.docker.compose.project.working_dir"
    (run,) = {c["Labels"][RUN] for c in things if c["Labels"].get(label, "").startswith(folder)}
    return str(run)


def docker_things(run: str) -> list[str]:
    found = docker_client().containers(all=True, filters={"label": [f"{RUN}={run}"]})
    return sorted(c["Id"] for c in found)
