"""Lifecycle hooks, which Compose runs only when it starts or stops a container itself."""

from __future__ import annotations

import pytest

from harness.errors import ServiceStartError

from .lab import Lab, file_in


def test_post_start_hooks_run_in_order_as_they_say(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        user: "1000"
        post_start:
          - {command: sh -c 'echo "$$(id -u) $$(pwd) $$WORD" >/first', user: root,
             working_dir: /usr, environment: {WORD: "a$$b"}}
          - {command: [cp, /first, /second], user: root, environment: [X=1]}
    """)
    app = lab.container("app")
    assert file_in(app, "/second") == "0 /usr a$b\n"


def test_a_post_start_hook_that_fails_is_an_error(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, post_start: [{command: sh -c 'echo no way >&2; exit 9'}]}
    """)
    with pytest.raises(ServiceStartError, match=r"post_start hook .* 'app' .*exit code 9: no way"):
        lab.up("app")
    assert lab.left() == []


def test_a_dependent_waits_for_the_hooks_of_what_it_depends_on(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, command: cat /data/it, volumes: ["data:/data"], depends_on: [db]}
      db:
        <<: *sleeper
        volumes: ["data:/data"]
        post_start: [{command: sh -c 'sleep 0.3; echo seeded >/data/it'}]
    volumes: {data: {}}
    """)
    assert lab.container("app").logs() == "seeded\n"


def test_pre_stop_hooks_run_before_a_stop_and_at_the_end_of_the_test(lab: Lab) -> None:
    lab.compose(f"""
    services:
      app:
        <<: *sleeper
        init: true
        volumes: ["{lab.root}:/told"]
        pre_stop: [{{command: sh -c 'echo stopping >>/told/log'}}]
        post_start: [{{command: sh -c 'echo started >>/told/log'}}]
    """)
    lease = lab.up("app")
    (app,) = lease.containers("app")
    told = lab.root / "log"
    app.restart()
    assert told.read_text() == "started\nstopping\nstarted\n"
    lease.release()
    lab.fleet.removed()
    assert told.read_text() == "started\nstopping\nstarted\nstopping\n"


def test_a_pre_stop_hook_that_fails_keeps_nothing_alive(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *sleeper, pre_stop: [{command: ['false']}]}}")
    lab.up("app").release()
    assert lab.left() == []
