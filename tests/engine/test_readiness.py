"""Ready means that it answers."""

from __future__ import annotations

import pytest

from harness.errors import ServiceDiedError, ServiceNotReadyError

from .lab import Lab, answer


def test_a_server_that_listens_late_is_waited_for(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *echo
        entrypoint: [sh, -c, 'sleep 0.7; exec "$$@"', wait]
    """)
    assert answer(lab.container("app").port(8080)) == "hello"


def test_a_healthy_server_whose_port_is_not_open_yet_is_not_ready(lab: Lab) -> None:
    # official database images: a temporary server that the health check likes runs first
    lab.compose("""
    services:
      db:
        <<: *echo
        entrypoint: [sh, -c, 'touch /up; sleep 0.5; rm /up; sleep 0.5; touch /up; exec "$$@"', db]
        healthcheck: {test: test -f /up, interval: 1h}
    """)
    db = lab.container("db")
    assert answer(db.port(8080)) == "hello"
    assert db.health == "healthy"


def test_every_published_tcp_port_must_answer(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *echo, ports: ["8080", "9090"], x-harness: {ready: {timeout: 1s}}}
    """)
    with pytest.raises(ServiceNotReadyError, match=r"waited for port 9090/tcp on 127\.0\.0\.1"):
        lab.up("app")


def test_a_udp_port_is_not_waited_for(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *sleeper, ports: ['53/udp']}}")
    assert lab.container("app").status == "running"


def test_a_service_that_crashes_until_the_database_is_up_becomes_ready(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *echo
        restart: on-failure
        entrypoint: [sh, -c, 'echo x >>/tries; [ $$(wc -l </tries) -gt 2 ] && exec "$$@"', app]
    """)
    app = lab.container("app")
    assert answer(app.port(8080)) == "hello"
    assert app.exec(["cat", "/tries"]).output == "x\n" * 3


def test_a_service_on_which_docker_gives_up_is_an_error(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *echo
        restart: on-failure:2
        command: sh -c 'echo no database; exit 5'
    """)
    with pytest.raises(ServiceDiedError, match=r"(?s)code 5.*restarted 2 times.*no database"):
        lab.up("app")


def test_a_service_without_ports_that_ends_well_was_a_one_shot(lab: Lab) -> None:
    lab.compose("services: {job: {<<: *sleeper, command: echo done}}")
    job = lab.container("job")
    assert (job.status, job.exit_code, job.logs()) == ("exited", 0, "done\n")


@pytest.mark.parametrize("promise", ['ports: ["80"]', "healthcheck: {test: [CMD, 'false']}"])
def test_a_server_that_ends_is_an_error_even_with_exit_code_0(lab: Lab, promise: str) -> None:
    lab.compose(f"services: {{app: {{<<: *sleeper, command: sleep 0.2, {promise}}}}}")
    with pytest.raises(ServiceDiedError, match="service 'app' exited with code 0"):
        lab.up("app")


def test_a_one_shot_with_a_published_port_is_ready_when_it_has_ended(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, depends_on: {job: {condition: service_completed_successfully}}}
      job: {<<: *sleeper, command: sleep 0.2, ports: ["80"]}
    """)
    assert lab.up("app").containers("job")[0].exit_code == 0


def test_a_version_key_and_other_things_that_compose_only_warns_of_break_nothing(lab: Lab) -> None:
    lab.compose("""
    version: "3.8"
    name: a-name-of-its-own
    services:
      app: {<<: *sleeper, environment: {NOTE: "${NOBODY_SETS_THIS}"}}
    """)
    app = lab.container("app")
    assert app.env["NOTE"] == ""
    assert any("NOBODY_SETS_THIS" in warning for warning in lab.warned)
