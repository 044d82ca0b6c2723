"""Pure decisions of resetting services."""

from __future__ import annotations

import pytest

from harness.engine.answers import process_tree
from harness.engine.protocol import Process
from harness.services.detect import server_of
from harness.services.mosquitto import difference
from harness.services.redis_login import listening_port, password_in


def tree(*processes: tuple[int, int, str]) -> tuple[Process, ...]:
    return tuple(Process(*process) for process in processes)


@pytest.mark.parametrize(
    ("command", "server"),
    [
        ("postgres", "postgres"),
        ("/usr/lib/postgresql/15/bin/postgres -D /data", "postgres"),
        ("redis-server *:6379", "redis"),
        ("/usr/bin/valkey-server 0.0.0.0:6379", "redis"),
        ("redis-server *:26379 [sentinel]", None),
        ("mosquitto -c /etc/mosquitto.conf", "mosquitto"),
        ("python app.py postgres", None),
        ("sleep infinity", None),
        ("redis-cli monitor", None),
    ],
)
def test_the_main_process_says_what_a_container_serves(command: str, server: str | None) -> None:
    assert server_of(tree((10, 1, command))) == server


def test_children_of_a_server_do_not_matter() -> None:
    children = [
        (n, 10, f"postgres: {what}") for n, what in ((11, "checkpointer"), (12, "x y idle"))
    ]
    assert server_of(tree((10, 1, "postgres"), *children)) == "postgres"


@pytest.mark.parametrize(
    "wrappers",
    [
        ["/sbin/docker-init -- docker-entrypoint.sh postgres"],
        ["/usr/bin/tini -- redis"],
        ["/bin/bash /usr/local/bin/docker-entrypoint.sh postgres", "gosu postgres postgres"],
        ["dumb-init x", "sh -c x", "su postgres"],
    ],
)
def test_a_server_is_found_beneath_what_starts_it(wrappers: list[str]) -> None:
    every = [*wrappers, "postgres -c fsync=off", "postgres: writer"]
    chain = [(10 + n, 9 + n, command) for n, command in enumerate(every)]
    assert server_of(tree(*chain)) == "postgres"


def test_what_keeps_a_container_running_does_not_count() -> None:
    log = (12, 10, "tail -F /var/log/postgresql.log")
    assert server_of(tree((10, 1, "sh -c x"), (11, 10, "postgres"), log)) == "postgres"
    assert server_of(tree((10, 1, "tail -f /dev/null"), (11, 10, "mosquitto"))) == "mosquitto"


def test_a_server_beside_something_else_is_not_what_the_container_serves() -> None:
    app, database = (11, 10, "python app.py"), (12, 10, "postgres")
    assert server_of(tree((10, 1, "sh -c start"), app, database)) is None
    assert server_of(tree((10, 1, "python app.py"), (11, 10, "postgres"))) is None
    assert server_of(tree((10, 1, "tini"), (11, 10, "redis-server"), database)) is None
    assert server_of(tree((10, 1, "sh -c 'just started'"))) is None
    assert server_of(()) is None


def test_what_was_executed_in_a_container_is_not_of_its_tree() -> None:
    raw = {
        "Titles": ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"],
        "Processes": [
            ["70", "30", "20", "0", "10:00", "?", "00:00:00", "postgres: writer"],
            ["0", "40", "5", "0", "10:00", "?", "00:00:00", "psql -d shop"],
            ["70", "20", "10", "0", "10:00", "?", "00:00:00", "postgres -D /data"],
            ["0", "10", "5", "0", "10:00", "?", "00:00:00", "tini postgres"],
        ],
    }
    found = process_tree(raw, main=10)
    assert [process.pid for process in found] == [10, 20, 30]
    assert server_of(found) == "postgres"


def test_redis_says_its_port_in_its_title() -> None:
    assert listening_port(tree((1, 0, "tini"), (2, 1, "/bin/redis-server 0.0.0.0:7000"))) == 7000
    assert listening_port(tree((2, 1, "redis-server [::]:7001 [cluster]"))) == 7001
    assert listening_port(tree((2, 1, "something"))) == 6379


@pytest.mark.parametrize(
    ("configuration", "password"),
    [
        ("port 6379\nrequirepass secret\nsave ''", "secret"),
        ('requirepass "se cret"', "se cret"),
        ("# requirepass no", None),
        ("masterauth x", None),
    ],
)
def test_the_password_in_a_redis_configuration(configuration: str, password: str | None) -> None:
    assert password_in(configuration) == password


def test_only_retained_messages_that_differ_are_published() -> None:
    found = {b"same": b"1", b"changed": b"2", b"new": b"3"}
    wanted = {b"same": b"1", b"changed": b"1", b"cleared": b"1"}
    assert sorted(difference(found, wanted)) == [
        (b"changed", b"1"),
        (b"cleared", b"1"),
        (b"new", b""),
    ]
