"""What a machine has only so much of: memory, disk, ports, networks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..messages.project import FOREVER, IMAGE, Project
from .conftest import own_engine_of
from .own_engine import OwnEngine

ROOM = "`docker system df` says of what, `docker system prune` removes what nobody uses"


@pytest.fixture(scope="module")
def small_engine() -> Iterator[OwnEngine]:
    """An engine whose disk holds the image, and little more."""
    with own_engine_of("170m") as made:
        yield made


@pytest.fixture
def small(project: Project, small_engine: OwnEngine) -> Project:
    return project.on(small_engine)


def test_a_service_that_fills_the_disk_is_told_with_what_to_do(small: Project) -> None:
    small.services(
        f"""
        app:
          image: {IMAGE}
          command: sh -c 'said=$$(dd if=/dev/zero of=/a bs=1M 2>&1); rm /a; echo $$said; exit 1'
          ports: ["80"]
        """
    )
    small.test_of("app")

    message = small.run().message

    assert "compose/app.yml:2: service 'app' exited with code 1" in message
    assert f"The engine's disk is full: {ROOM}" in message
    assert "No space left on device" in message


def test_a_full_disk_fails_the_start_with_what_to_do_and_leaves_nothing(
    small: Project, small_engine: OwnEngine
) -> None:
    small.services(f"app: {{image: {IMAGE}, command: {FOREVER}}}")
    small.test("pytestmark = pytest.mark.app\ndef test_first(): pass\ndef test_second(): pass\n")

    with small_engine.disk_full():
        outcome = small.run()

    assert "2 errors" in outcome.text
    assert "no space left on device" in outcome.messages["test_first"]
    assert f"The engine's disk is full: {ROOM}" in outcome.messages["test_first"]
    assert small.run().passed


def test_a_service_that_runs_out_of_memory_is_told_with_its_limit(project: Project) -> None:
    project.services(
        f"""
        app:
          image: {IMAGE}
          mem_limit: 16m
          memswap_limit: 16m
          command: [perl, -e, '$$hungry .= "x" x 1_000_000 while 1']
          ports: ["80"]
        """
    )
    project.test_of("app")

    message = project.run().message

    assert "compose/app.yml:2: service 'app' exited with code 137, out of memory" in message
    assert "its limit is 16 MiB: raise `mem_limit`" in message


def test_a_port_that_is_taken_between_choice_and_use_is_chosen_again(project: Project) -> None:
    project.services(f"app: {{image: {IMAGE}, command: {FOREVER}, ports: ['80/udp']}}")
    project.test(
        """
        import socket
        import harness.lease.ports as ports

        taken = []
        claim = ports.PortClaims.claim

        def snatched(self, host_ip="127.0.0.1"):
            "Somebody listens on the first port at once."
            port = claim(self, host_ip)
            if not taken:
                taken.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                taken[0].bind((host_ip, port))
            return port

        @pytest.fixture(scope="module", autouse=True)
        def somebody():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(ports.PortClaims, "claim", snatched)
                yield
            taken[0].close()

        @pytest.mark.app
        def test_it(container_getter):
            port = container_getter.get("app").port("80/udp")
            assert port != taken[0].getsockname()[1]
        """
    )

    assert project.run().passed


def many(count: int) -> str:
    return f"""
        @pytest.mark.parametrize("number", range({count}))
        @pytest.mark.app
        def test_it(container_getter, number):
            assert container_getter.get("app").status == "running"
        """


def test_more_stacks_at_once_than_the_engines_own_pools_hold(project: Project) -> None:
    project.services(
        f"""
        app:
          image: {IMAGE}
          command: sh -c 'echo up; {FOREVER}'
          x-harness: {{ready: {{log: up}}}}
        """
    )
    project.test(
        """
        from harness.plan.need import Need
        from harness.plugin import SESSION

        def test_it(request):
            fleet = request.config.stash[SESSION].fleet
            leases = [fleet.lease(Need(frozenset({"app"})), "test") for _ in range(40)]
            for lease in leases:
                lease.up()
            found = [c for lease in leases for c in lease.containers("app")]
            assert len({c.id for c in found}) == 40
            assert all(c.status == "running" for c in found)
            for lease in leases:
                lease.release()
        """
    )

    assert project.run().passed


@pytest.mark.parametrize(
    "count", [20, pytest.param(300, marks=pytest.mark.torture)], ids=["some", "many"]
)
def test_fresh_stacks_in_four_workers_fail_no_test(project: Project, count: int) -> None:
    project.services(f"app: {{image: {IMAGE}, command: {FOREVER}, ports: ['80/udp']}}")
    project.test(many(count))

    outcome = project.run("-n4")

    assert f"{count} passed" in outcome.text
