"""A stack that was started before its test asked for it."""

from __future__ import annotations

from harness.observe.event import Kind
from harness.plan.lives import Bounds
from harness.plan.need import Need

from ..eventually import eventually
from .lab import Lab


def test_more_services_join_a_stack_that_was_up_before_its_test_began(lab: Lab) -> None:
    lab.compose("services: {base: *sleeper, app: *sleeper, late: *sleeper}")
    lab.up("base", test="first")
    lab.fleet.start_ahead(Need(frozenset({"app"})), Bounds(), "second")
    [_, ahead] = lab.fleet._stacks
    eventually(lambda: ahead.services == ("app",))

    second = lab.up("app", test="second")
    [app] = second.containers("app")
    assert app.labels["com.docker.compose.project"] == ahead.name
    [late] = second.containers("late")
    assert late.status == "running"
    assert late.exec(["getent", "hosts", "app"]).exit_code == 0
    leases = [e for e in lab.journal.kept() if e.kind == Kind.TEST_LEASE and not e.begins]
    stacks = [stack for lease in leases[:2] for stack in lease.data["stacks"].values()]
    assert [stack["services"] for stack in stacks] == [["base"], ["app"]]
    assert all(stack["took"] > 0 for stack in stacks)
