"""The conditions of ``depends_on``, as they are seen from outside."""

from __future__ import annotations

from datetime import datetime

import pytest

from harness.errors import ServiceDiedError, ServiceNotReadyError

from .lab import Lab


def started(lab: Lab, container: str) -> datetime:
    return moment(lab.client.inspect_container(container)["State"]["StartedAt"])


def ended(lab: Lab, container: str) -> datetime:
    return moment(lab.client.inspect_container(container)["State"]["FinishedAt"])


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00")


def test_a_dependent_starts_when_the_check_of_its_dependency_passes(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, depends_on: {db: {condition: service_healthy}}}
      db:
        <<: *sleeper
        command: sh -c 'sleep 0.7; date +%s.%N >/ready; exec sleep infinity'
        healthcheck: {test: test -s /ready, interval: 1h}
    """)
    lease = lab.up("app")
    (app,), (db,) = lease.containers("app"), lease.containers("db")
    ready = float(db.exec(["cat", "/ready"]).output)
    assert started(lab, app.id).timestamp() > ready


def test_a_dependent_starts_when_a_one_shot_has_ended_well(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, depends_on: {job: {condition: service_completed_successfully}}}
      job: {<<: *sleeper, command: sleep 0.5}
    """)
    lease = lab.up("app")
    (app,), (job,) = lease.containers("app"), lease.containers("job")
    assert (job.status, job.exit_code) == ("exited", 0)
    assert started(lab, app.id) > ended(lab, job.id)


def test_a_dependent_that_waits_for_no_more_than_the_start_does_not_wait_for_the_check(
    lab: Lab,
) -> None:
    # each waits for what the other does: it works only if neither waits to be ready first
    lab.compose("""
    services:
      app:
        <<: *sleeper
        volumes: ["meet:/meet"]
        command: sh -c 'touch /meet/app; exec sleep infinity'
        depends_on: [db]
      db:
        <<: *sleeper
        volumes: ["meet:/meet"]
        healthcheck: {test: test -f /meet/app}
    volumes: {meet: {}}
    """)
    assert lab.up("app").containers("db")[0].health == "healthy"


def test_services_that_need_nothing_of_each_other_start_side_by_side(lab: Lab) -> None:
    lab.compose("""
    services:
      one:
        <<: *sleeper
        volumes: ["meet:/meet"]
        healthcheck: {test: touch /meet/one && test -f /meet/two}
      two:
        <<: *sleeper
        volumes: ["meet:/meet"]
        healthcheck: {test: touch /meet/two && test -f /meet/one}
    volumes: {meet: {}}
    """)
    lease = lab.up("one", "two")
    assert [c.health for c in lease.all_containers()] == ["healthy", "healthy"]


def test_a_dependent_is_not_started_where_its_one_shot_fails(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, depends_on: {job: {condition: service_completed_successfully}}}
      job: {<<: *sleeper, command: sh -c 'echo no table; exit 4'}
    """)
    lease = lab.lease("app")
    with pytest.raises(ServiceDiedError, match=r"(?s)service 'job' exited with code 4.*no table"):
        lease.up()
    assert lab.left() == []


def test_a_dependency_that_fails_ends_the_wait_for_all_others(lab: Lab) -> None:
    # the check of `slow` would be waited for ten minutes
    lab.compose("""
    services:
      app: {<<: *sleeper, depends_on: [slow, broken]}
      slow:
        <<: *sleeper
        healthcheck: {test: ["CMD", "false"]}
        x-harness: {ready: {timeout: 10m}}
      broken: {<<: *sleeper, command: sh -c 'sleep 0.3; exit 1', ports: ["80"]}
    """)
    with pytest.raises(ServiceDiedError, match="service 'broken' exited with code 1"):
        lab.up("app")


def test_a_one_shot_that_never_ends_is_told_at_its_deadline(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, depends_on: {job: {condition: service_completed_successfully}}}
      job: {<<: *sleeper, x-harness: {ready: {timeout: 500ms}}}
    """)
    with pytest.raises(ServiceNotReadyError, match=r"waited for its end \(exit code 0\)"):
        lab.up("app")
