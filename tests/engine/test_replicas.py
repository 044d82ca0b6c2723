"""Services of several containers."""

from __future__ import annotations

from .lab import Lab, answer


def test_every_replica_is_there_with_ports_of_its_own(lab: Lab) -> None:
    lab.compose("""
    services:
      scaled: {<<: *echo, scale: 2}
      deployed: {<<: *echo, deploy: {replicas: 2}}
    """)
    lease = lab.up("scaled", "deployed")
    replicas = [*lease.containers("scaled"), *lease.containers("deployed")]
    assert [container.number for container in replicas] == [1, 2, 1, 2]
    assert len({container.port(8080) for container in replicas}) == 4
    assert [answer(container.port(8080)) for container in replicas] == ["hello"] * 4


def test_a_service_that_is_scaled_to_none_has_no_container(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *sleeper, depends_on: [none]}, none: {<<: *echo, scale: 0}}")
    lease = lab.up("app")
    assert lease.containers("none") == []
    assert lab.created() == {"app"}
