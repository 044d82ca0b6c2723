"""One service as a process of this machine, the rest in containers."""

from __future__ import annotations

import os
import socket

import pytest

from harness import PortTakenError, SettingError
from tests.engine.lab import answer
from tests.eventually import eventually
from tests.process.programs import gone
from tests.swap.conftest import Swapped
from tests.swap.lab import said, told

CHAIN = """
back: *echo
mid:
  image: nobody.example/has-it
  depends_on: [back]
  environment: {BACK_URL: "http://back:8080/x", BACK_HOST: back, BACK_PORT: "8080"}
  ports: ["7411"]
  networks: {default: {aliases: [middle]}}
  x-harness: {process: {command: [./tell]}}
worker:
  depends_on: [mid]
  environment: {MID_URL: "http://mid:7411"}
  image: nobody.example/has-it
  x-harness: {process: {command: "sleep 600"}}
top:
  image: debian:bookworm-slim
  init: true
  command: [sleep, infinity]
  depends_on: [mid]
"""


def test_each_finds_the_other_and_every_stack_has_its_own(swapped: Swapped) -> None:
    lab = swapped(local=("mid", "worker"))
    lab.services(CHAIN)

    one, two = lab.up("top", "worker"), lab.up("top", "worker", test="other")

    ports = set()
    for lease in (one, two):
        top, mid, back = (lease.containers(name)[0] for name in ("top", "mid", "back"))
        variables = told(top, "mid", 7411)
        assert told(top, "middle", 7411) == variables
        assert variables["BACK_URL"] == f"http://127.0.0.1:{back.port(8080)}/x"
        assert variables["BACK_HOST"] == "127.0.0.1"
        assert variables["BACK_PORT"] == str(back.port(8080))
        assert variables["PORT"] == str(mid.port(7411))
        assert answer(back.port(8080)) == "hello"
        assert lease.containers("worker")[0].env["MID_URL"] == f"http://127.0.0.1:{mid.port(7411)}"
        assert mid.network_info[0].hostname == "127.0.0.1"
        ports.add(mid.port(7411))
    assert len(ports) == 2
    assert {c.service for c in one.all_containers()} == {"back", "mid", "top", "worker"}


def test_a_test_does_with_it_what_it_does_with_a_container(swapped: Swapped) -> None:
    lab = swapped(local=("mid",))
    lab.services(CHAIN.replace("./tell", "./echo"))
    lease = lab.up("top")
    top, mid = lease.containers("top")[0], lease.containers("mid")[0]
    assert said(top, "mid", 7411) == "hello"
    assert "listening" in eventually(mid.logs, until=lambda text: "listening" in text)
    assert mid.exec(["sh", "-c", "echo $BACK_HOST"]).output.strip() == "127.0.0.1"

    mid.kill()

    assert (mid.status, mid.exit_code) == ("exited", 137)
    assert "hello" not in said(top, "mid", 7411)
    mid.start()
    assert said(top, "mid", 7411) == "hello"
    pid = lab.mixed.top(mid.id)[0].pid
    lease.release()
    lab.fleet.removed()
    assert gone(pid)


def test_what_lives_longer_is_found_from_containers_and_from_processes(swapped: Swapped) -> None:
    lab = swapped(local=("mid",))
    shared = "  x-harness: {isolation: shared"
    lab.services(
        CHAIN.replace("back: *echo", f"back:\n  <<: *echo\n{shared}}}").replace(
            "  x-harness: {process", f"{shared}, process"
        )
    )
    lease = lab.up("top")

    top, back = lease.containers("top")[0], lease.containers("back")[0]
    assert told(top, "mid", 7411)["BACK_PORT"] == str(back.port(8080))
    assert len({c.name.rpartition("-")[0].rpartition("-")[0] for c in lease.all_containers()}) == 2


def test_a_port_that_nobody_publishes_is_published_for_the_run(swapped: Swapped) -> None:
    lab = swapped(local=("mid",))
    lab.services(CHAIN.replace("back: *echo", 'back: {<<: *echo, ports: [], expose: ["8080"]}'))

    lease = lab.up("mid")

    back, mid = lease.containers("back")[0], lease.containers("mid")[0]
    assert answer(back.port(8080)) == "hello"
    assert mid.env["BACK_PORT"] == str(back.port(8080))


def test_what_a_local_service_cannot_reach_is_told_with_what_to_add(swapped: Swapped) -> None:
    lab = swapped(local=("mid",))
    fixed = "back: {<<: *echo, ports: [], x-harness: {fixed: true}}"
    lab.services(CHAIN.replace("back: *echo", fixed))

    with pytest.raises(SettingError) as error:
        lab.up("mid")

    assert "compose/app.yml:" in str(error.value)
    assert "the variable BACK_URL of service 'mid' is 'http://back:8080/x'" in str(error.value)
    assert "Add `ports: [\"8080\"]` to service 'back'" in str(error.value)


def test_a_service_that_says_not_how_it_runs_is_told(swapped: Swapped) -> None:
    lab = swapped(local=("mid",))
    lab.services(CHAIN.replace("  x-harness: {process: {command: [./tell]}}\n", ""))

    with pytest.raises(SettingError) as error:
        lab.up("top")

    assert "wanted to run as processes, but nothing says how: " in str(error.value)
    assert "service 'mid'. Write for each how it runs on this machine" in str(error.value)


def test_who_listens_where_the_forwarder_is_to_is_told(swapped: Swapped) -> None:
    lab = swapped(local=("mid",))
    lab.services(CHAIN)

    with socket.create_server(("", 7411)), pytest.raises(PortTakenError) as error:
        lab.up("top")

    assert "service 'mid' is to be reached from containers at" in str(error.value)
    assert "port 7411 is taken by " in str(error.value)
    assert f"(pid {os.getpid()})" in str(error.value)
