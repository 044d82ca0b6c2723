"""Every key of a service: who carries it out."""

from __future__ import annotations

import pytest

from harness.errors import ServiceStartError
from harness.plan.keys import COMPOSE_KEYS, CREATE_KEYS, HARNESS_KEYS, AppliedBy, applied_by

from .compose_spec import service_keys
from .lab import Lab, file_in

TABLES = {
    AppliedBy.CREATE: CREATE_KEYS,
    AppliedBy.HARNESS: HARNESS_KEYS,
    AppliedBy.COMPOSE: COMPOSE_KEYS,
}


def test_every_key_of_the_specification_is_in_just_one_of_our_tables() -> None:
    specified = service_keys()
    assert len(specified) > 90
    where = {key: [by for by, keys in TABLES.items() if key in keys] for key in specified}
    assert {key: found for key, found in where.items() if len(found) != 1} == {}
    assert {key: [applied_by(key)] for key in specified} == where


def test_no_key_of_our_tables_is_one_that_compose_does_not_know() -> None:
    assert frozenset().union(*TABLES.values()) - service_keys() == frozenset()


def test_a_stack_with_a_key_that_only_compose_carries_out_is_started_by_compose(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *echo
        volumes: ["data:/data"]
        depends_on: {db: {condition: service_healthy}}
        pre_start:
          - {image: debian:bookworm-slim, command: sh -c 'echo before >/data/it', user: root}
        post_start: [{command: touch /by-compose}]
        healthcheck: {test: test -f /by-compose, interval: 100ms}
        configs: [it]
      db: {<<: *sleeper, healthcheck: {test: "true", interval: 100ms}}
    configs: {it: {content: "a$$b"}}
    volumes: {data: {}}
    """)
    lease = lab.up("app", env={"app": {"WORD": "a$b"}})
    (app,) = lease.containers("app")
    assert file_in(app, "/data/it") == "before\n"
    assert file_in(app, "/it") == "a$b"
    assert app.env["WORD"] == "a$b"
    assert app.health == "healthy"
    assert app.port(8080)
    assert lab.created() == {"app", "db"}
    lease.release()
    assert lab.left() == []


def test_a_start_by_compose_that_fails_is_told_in_its_words(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        pre_start: [{image: debian:bookworm-slim, command: ["false"]}]
    """)
    with pytest.raises(ServiceStartError, match=r"service 'app' could not be started by Compose"):
        lab.up("app")
    assert lab.left() == []
