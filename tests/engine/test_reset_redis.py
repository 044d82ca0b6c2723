"""What a Redis server holds is put back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.container import Container
from harness.errors import ResetError
from harness.services.base import Technology

from .lab import Lab
from .servers import Client, resetting, shop_image


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    with shop_image("redis") as tag:
        yield tag


@pytest.fixture
def redis(lab: Lab, image: str) -> Container:
    lab.compose(f"""
    services:
      redis:
        image: {image}
        ports: ["6379"]
        healthcheck: {{test: [CMD, redis-cli, ping]}}
    """)
    return lab.container("redis")


@pytest.fixture
def technology(redis: Container) -> Iterator[Technology]:
    with resetting(redis) as found:
        assert found.name == "redis"
        yield found


def cli(redis: Container, *args: str) -> str:
    result = redis.exec(["redis-cli", *args])
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_keys_of_all_databases_come_back(redis: Container, technology: Technology) -> None:
    cli(redis, "SET", "word", "saved")
    cli(redis, "-n", "7", "RPUSH", "a list", "one", "two")
    assert technology.save(0) == frozenset()

    cli(redis, "SET", "word", "changed")
    cli(redis, "-n", "7", "DEL", "a list")
    cli(redis, "-n", "3", "SET", "new", "1")
    assert technology.restore(0) == frozenset()

    assert cli(redis, "GET", "word") == "saved"
    assert cli(redis, "-n", "7", "LRANGE", "a list", "0", "-1") == "one\ntwo"
    assert cli(redis, "-n", "3", "DBSIZE") == "0"


def test_keys_and_values_may_be_any_bytes(redis: Container, technology: Technology) -> None:
    binary = "return redis.call('SET', '\\0\\r\\nkey\\255', '\\r\\n\\0$-1\\254')"
    read = "return {redis.call('GET', '\\0\\r\\nkey\\255') == '\\r\\n\\0$-1\\254', 'same'}"
    cli(redis, "EVAL", binary, "0")
    technology.save(0)
    cli(redis, "FLUSHALL")
    technology.restore(0)
    assert cli(redis, "EVAL", read, "0") == "1\nsame"


def test_a_key_has_the_time_left_that_it_had(redis: Container, technology: Technology) -> None:
    cli(redis, "SET", "short", "1", "EX", "1000")
    cli(redis, "SET", "ever", "1")
    technology.save(0)
    cli(redis, "PERSIST", "short")
    cli(redis, "EXPIRE", "ever", "5")
    technology.restore(0)
    assert 900 < int(cli(redis, "TTL", "short")) <= 1000
    assert cli(redis, "TTL", "ever") == "-1"


def test_more_keys_than_one_step_takes(redis: Container, technology: Technology) -> None:
    cli(redis, "EVAL", "for i = 1, 5000 do redis.call('SET', 'key' .. i, i) end", "0")
    technology.save(0)
    cli(redis, "FLUSHALL")
    technology.restore(0)
    assert cli(redis, "DBSIZE") == "5000"
    assert cli(redis, "GET", "key4321") == "4321"


def test_levels_stand_on_each_other(redis: Container, technology: Technology) -> None:
    cli(redis, "SET", "level", "0")
    technology.save(0)
    cli(redis, "SET", "level", "1")
    technology.save(1)
    for level in (1, 0, 1):
        cli(redis, "SET", "level", "test")
        technology.restore(level)
        assert cli(redis, "GET", "level") == str(level)
    technology.save(0)
    with pytest.raises(ResetError, match="nothing was remembered at level 1"):
        technology.restore(1)


def test_connections_and_scripts_stay(redis: Container, technology: Technology) -> None:
    script = cli(redis, "SCRIPT", "LOAD", "return 'loaded'")
    client = Client(redis, "redis-cli")
    client.say("SET mine 1", "OK")
    technology.save(0)
    for _ in range(20):
        client.say("SET other 1", "OK")
        technology.restore(0)
        client.say("EXISTS other", "0\n")
    client.say(f"EVALSHA {script} 0", "loaded")
    client.close()


def test_a_restarted_server_is_connected_to_again(redis: Container, technology: Technology) -> None:
    cli(redis, "SET", "word", "saved")
    technology.save(0)
    redis.restart()
    technology.restore(0)
    assert cli(redis, "GET", "word") == "saved"


@pytest.mark.parametrize(
    "command",
    [
        "[redis-server, --bind, 0.0.0.0, --requirepass, 'se cret']",
        """[sh, -c, 'redis-server --bind 0.0.0.0 --requirepass "$$SECRET"']""",
        """[sh, -c, 'echo requirepass "\\"$$SECRET\\"" >x.conf; redis-server x.conf']""",
    ],
)
def test_the_password_is_found(lab: Lab, image: str, command: str) -> None:
    lab.compose(f"""
    services:
      redis:
        image: {image}
        init: true
        environment: {{SECRET: se cret}}
        command: {command}
        ports: ["6379"]
        healthcheck: {{test: [CMD, redis-cli, -a, se cret, ping]}}
    """)
    redis = lab.container("redis")
    with resetting(redis) as technology:
        cli(redis, "-a", "se cret", "SET", "word", "saved")
        technology.save(0)
        cli(redis, "-a", "se cret", "FLUSHALL")
        technology.restore(0)
        assert "saved" in cli(redis, "-a", "se cret", "GET", "word")


def test_a_password_that_cannot_be_found_is_an_error(lab: Lab, image: str) -> None:
    lab.compose(f"""
    services:
      redis: {{image: {image}, ports: ["6379"]}}
    """)
    redis = lab.container("redis")
    cli(redis, "CONFIG", "SET", "requirepass", "secret")
    with (
        resetting(redis) as technology,
        pytest.raises(ResetError, match=r"(?s)service 'redis'.*NOAUTH.*x-harness"),
    ):
        technology.save(0)


def test_a_server_without_a_published_port_is_reached_at_its_own_address(
    lab: Lab, image: str
) -> None:
    lab.compose(f"""
    services:
      redis: {{image: {image}, healthcheck: {{test: [CMD, redis-cli, ping]}}}}
    """)
    redis = lab.container("redis")
    with resetting(redis) as technology:
        cli(redis, "SET", "word", "saved")
        technology.save(0)
        cli(redis, "FLUSHALL")
        technology.restore(0)
        assert cli(redis, "GET", "word") == "saved"


def test_a_server_that_nothing_reaches_is_an_error(lab: Lab, image: str) -> None:
    lab.compose(f"""
    services:
      redis:
        image: {image}
        network_mode: none
        healthcheck: {{test: [CMD, redis-cli, ping]}}
    """)
    with (
        resetting(lab.container("redis")) as technology,
        pytest.raises(ResetError, match=r"not published.*`ports: \[\"6379\"\]`"),
    ):
        technology.save(0)
