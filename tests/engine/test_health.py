"""Health checks: run by the harness at once, whatever schedule they name."""

from __future__ import annotations

import pytest

from harness.errors import ServiceNotReadyError

from .lab import Lab


def test_a_check_with_a_long_interval_passes_at_once(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, healthcheck: {test: test -f /ok, interval: 1h},
            command: sh -c 'touch /ok; exec sleep infinity'}
    """)
    app = lab.container("app")
    assert app.health == "healthy"
    # the engine has not even looked once
    assert lab.client.inspect_container(app.id)["State"]["Health"]["Status"] == "starting"
    app.exec(["rm", "/ok"])
    assert app.health == "unhealthy"


def test_the_check_of_an_image_counts_unless_the_compose_file_switches_it_off(lab: Lab) -> None:
    lab.dockerfile("HEALTHCHECK --interval=1h CMD test -f /data/ready")
    lab.compose("""
    x-app: &app
      build: app
      volumes: ["data:/data"]
    services:
      app:
        <<: *app
        command: sh -c 'sleep 0.3; touch /data/ready; exec sleep infinity'
      by_test: {<<: *app, command: sleep infinity, healthcheck: {test: [NONE]}}
      by_key: {<<: *app, command: sleep infinity, healthcheck: {disable: true}}
    volumes: {data: {}}
    """)
    switched_off = lab.up("by_test", "by_key")
    assert [c.health for c in switched_off.all_containers()] == ["none", "none"]
    app = lab.container("app")
    assert app.exec(["test", "-f", "/data/ready"]).exit_code == 0
    assert app.health == "healthy"


def test_a_check_with_more_patience_than_the_default_gets_it(lab: Lab) -> None:
    lab.settings["timeout"] = 0.1
    lab.compose("""
    services:
      app:
        <<: *sleeper
        command: sh -c 'sleep 1; touch /ok; exec sleep infinity'
        healthcheck: {test: test -f /ok, interval: 1s, timeout: 1s, retries: 1, start_period: 30s}
    """)
    assert lab.container("app").health == "healthy"


def test_a_service_may_name_its_own_deadline(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        healthcheck: {test: "echo no table users; exit 1", interval: 1h}
        x-harness: {ready: {timeout: 300ms}}
    """)
    with pytest.raises(ServiceNotReadyError) as failed:
        lab.up("app")
    message = str(failed.value)
    assert "was not ready after 0.3 s" in message
    assert "waited for health check `echo no table users; exit 1`" in message
    assert "last seen: exit code 1: no table users" in message


def test_a_check_that_hangs_holds_nobody_up(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        healthcheck: {test: sleep infinity, interval: 1h}
        x-harness: {ready: {timeout: 1s}}
    """)
    with pytest.raises(ServiceNotReadyError, match=r"last seen: still running after \d"):
        lab.up("app")
    assert lab.left() == []


def test_a_check_that_hung_once_is_run_again_after_its_timeout(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        healthcheck: {test: "test -f /once || { touch /once; sleep infinity; }", timeout: 500ms}
    """)
    assert lab.container("app").health == "healthy"


def test_the_check_runs_as_the_services_user_in_its_folder_with_its_environment(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        user: "1234"
        working_dir: /usr
        environment: {WORD: "a$$b"}
        healthcheck:
          test: '[ "$$(id -u) $$(pwd) $$WORD" = "1234 /usr a$$b" ] || [ "$$WORD" = "a\\$$b" ]'
    """)
    assert lab.container("app").health == "healthy"
