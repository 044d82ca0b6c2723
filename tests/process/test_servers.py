"""PostgreSQL, Redis and Mosquitto as processes of this machine."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from harness import ExecutableError, SettingError
from harness.container import Container
from harness.model.isolation import Isolation
from tests.process.lab import ProcessLab

POSTGRES = """
db:
  image: postgres:16
  ports: ["5432"]
  environment: {POSTGRES_USER: sam, POSTGRES_PASSWORD: "s'cret", POSTGRES_DB: my-shop}
"""


def asked(container: Container, request: bytes) -> bytes:
    info = container.network_info[0]
    with socket.create_connection((info.hostname, info.host_port), timeout=10) as link:
        link.sendall(request)
        return link.recv(999)


def query(container: Container, statement: str, **options: str) -> str:
    result = container.exec(["psql", "-X", "-At", "-c", statement], environment=options or None)
    return result.output.strip()


def test_postgres_has_the_account_and_the_database_of_its_variables(plab: ProcessLab) -> None:
    plab.compose(POSTGRES)

    db = plab.container("db")

    assert query(db, "SELECT current_user, current_database()") == "sam|my-shop"
    over_tcp = {"PGHOST": "127.0.0.1", "PGPASSWORD": "wrong"}
    assert "password authentication failed" in query(db, "SELECT 1", **over_tcp)
    assert query(db, "SELECT 1", PGHOST="127.0.0.1") == "1"
    assert db.health == "healthy"


def test_each_postgres_has_data_of_its_own_which_outlives_a_restart(plab: ProcessLab) -> None:
    plab.compose(POSTGRES)
    one, two = plab.container("db"), plab.container("db")

    query(one, "CREATE TABLE kept (n int)")
    one.restart()

    assert query(one, "SELECT count(*) FROM kept") == "0"
    assert "does not exist" in query(two, "SELECT count(*) FROM kept")


def test_postgres_is_put_back_between_tests(plab: ProcessLab) -> None:
    plab.settings["isolation"] = Isolation.RESET
    plab.compose(POSTGRES)
    lease = plab.up("db")
    query(lease.containers("db")[0], "CREATE TABLE left_behind (n int)")

    lease.release()

    assert "does not exist" in query(plab.container("db"), "SELECT * FROM left_behind")


def test_postgres_without_a_password_says_what_to_write(plab: ProcessLab) -> None:
    plab.compose('db: {image: "postgres:16", ports: ["5432"]}\n')

    with pytest.raises(SettingError, match="set POSTGRES_PASSWORD in its `environment:`"):
        plab.up("db")


def test_redis_and_mosquitto_answer(plab: ProcessLab) -> None:
    plab.compose(
        """
        cache: {image: "docker.io/library/redis:7", ports: ["6379"]}
        broker: {image: mine, ports: ["1883"], x-harness: {process: mosquitto}}
        """
    )

    lease = plab.up("cache", "broker")

    assert asked(lease.containers("cache")[0], b"PING\r\n") == b"+PONG\r\n"
    connect = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04test"
    assert asked(lease.containers("broker")[0], connect) == b"\x20\x02\x00\x00"


def test_redis_is_put_back_between_tests(plab: ProcessLab) -> None:
    plab.settings["isolation"] = Isolation.RESET
    plab.compose('cache: {image: "redis:7", ports: ["6379"]}\n')
    lease = plab.up("cache")
    assert asked(lease.containers("cache")[0], b"SET a 1\r\n") == b"+OK\r\n"

    lease.release()

    assert asked(plab.container("cache"), b"GET a\r\n") == b"$-1\r\n"


def test_a_server_that_publishes_nothing_is_reached_by_others(plab: ProcessLab) -> None:
    plab.compose(
        """
        cache: {image: "redis:7"}
        app:
          image: none
          depends_on: [cache]
          ports: ["8080"]
          environment: {CACHE: "redis://cache/0"}
          x-harness: {process: {command: [./tell]}}
        """
    )

    url = plab.container("app").env["CACHE"]

    assert url.startswith("redis://127.0.0.1:")
    port = int(url.removeprefix("redis://127.0.0.1:").removesuffix("/0"))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        link.sendall(b"PING\r\n")
        assert link.recv(99) == b"+PONG\r\n"


def test_a_server_that_is_not_installed_says_what_to_install(
    plab: ProcessLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plab.compose('cache: {image: "redis:7"}\n')
    assert plab.engine  # Compose is found before there is nothing on PATH
    monkeypatch.setattr("harness.services.local.redis._FOLDERS", [str(tmp_path)])
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ExecutableError) as error:
        plab.up("cache")

    assert "wants redis-server, which is neither on PATH nor in" in str(error.value)
    assert "`apt-get install redis-server`" in str(error.value)
