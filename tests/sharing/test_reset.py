"""Services whose state is put back after each test."""

from __future__ import annotations

import json

import pytest

from tests.plugin.team import BASE_IMAGE

from .sharing import Sharing

# Holds one connection to Postgres for good; answers each line with the number of tables.
CLIENT = """
use IO::Socket; use IPC::Open2; $$SIG{PIPE} = "IGNORE";
$$query = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
$$server = IO::Socket::INET->new(LocalPort => 8080, Listen => 9, ReuseAddr => 1);
open2($$out, $$in, "psql", "-XAtq");
while ($$client = $$server->accept) {
  while (<$$client>) { print $$in "$$query;\\n"; print $$client scalar <$$out> || "gone\\n" }
}
"""


@pytest.fixture
def resetting(team: Sharing) -> Sharing:
    """A team whose services are reset."""
    team.ini("harness_isolation = reset")
    return team


def test_a_declared_command_resets_and_none_leaves_all_as_it_is(resetting: Sharing) -> None:
    resetting.service("app", **{"x-harness": {"reset": ["rm", "-f", "/tmp/used"]}})
    resetting.service("other", **{"x-harness": {"reset": "none"}})
    resetting.tests(
        """
        import pytest
        from notes import note, saw, sh

        @pytest.mark.parametrize("number", range(3))
        def test_it(app, other, number):
            saw(app, other)
            note("files", [sh(app, "ls /tmp"), sh(other, "ls /tmp")])
            sh(app, "touch /tmp/used")
            sh(other, f"touch /tmp/used-{number}")
        """
    )
    result = resetting.passes(passed=3)
    assert len({*resetting.values("app")}) == len({*resetting.values("other")}) == 1
    assert resetting.values("files") == [["", ""], ["", "used-0"], ["", "used-0\nused-1"]]
    result.stdout.no_fnmatch_line("*reset by replacing*")


def test_a_reset_that_fails_is_told_once_and_the_next_test_has_new_services(
    resetting: Sharing,
) -> None:
    command = ["sh", "-c", "test ! -e /tmp/used || { echo still used >&2; exit 3; }"]
    resetting.service("app", **{"x-harness": {"reset": command}})
    resetting.tests(
        """
        from notes import saw, sh

        def test_uses_it(app):
            saw(app)
            sh(app, "touch /tmp/used")

        def test_meets_the_failure(app): saw(app)
        def test_goes_on(app): saw(app)
        """
    )
    result = resetting.run_for_real()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at setup of test_meets_the_failure*",
            "compose/app.yml:2: service 'app' could not be reset: `sh -c *` ended with exit code "
            "3: still used. Mend the command below `x-harness: {reset: ?}`.",
        ]
    )
    assert len({*resetting.values("app")}) == 2
    assert result.stdout.str().count("could not be reset") == 1


def test_what_nobody_can_reset_is_replaced_with_its_volume(resetting: Sharing) -> None:
    resetting.write(
        "compose/app.yml",
        json.dumps(
            {
                "services": {
                    "app": {
                        "image": BASE_IMAGE,
                        "command": ["sleep", "infinity"],
                        "volumes": ["data:/data"],
                    }
                },
                "volumes": {"data": {}},
            }
        ),
    )
    check = {"test": ["CMD", "true"]}
    resetting.greeter(
        "web", depends_on=["app"], healthcheck=check, **{"x-harness": {"reset": "none"}}
    )
    resetting.greeter("own")
    resetting.tests(
        """
        import pytest
        from notes import note, reaches, saw, sh
        from talk import ask

        @pytest.mark.parametrize("number", range(2))
        def test_it(app, web, own, number):
            saw(app, web, own)
            assert ask(web) == ask(own) == reaches(app, "own", 8080) == "hello"
            assert sh(app, "ls /data /tmp") == "/data:\\n\\n/tmp:"
            sh(app, "touch /data/used /tmp/used")
            note("port", own.port)
        """
    )
    result = resetting.passes(passed=2)
    assert len({*resetting.values("app")}) == len({*resetting.values("own")}) == 2
    assert len({*resetting.values("web")}) == 1  # it answers still
    assert len({*resetting.values("port")}) == 1
    result.stdout.fnmatch_lines(["harness: reset by replacing the container: app, own. *"])


def test_a_volume_that_is_also_anothers_cannot_be_replaced(resetting: Sharing) -> None:
    resetting.service("app", volumes=["data:/data"])
    resetting.service("other", volumes=["data:/data"])
    resetting.write("compose/data.yml", "volumes: {data: {}}\n")
    resetting.tests("def test_it(app): ...\n")
    result = resetting.run_for_real()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "compose/app.yml:2: service 'app' is to be reset by replacing its container, but its "
            "volume 'data' is also that of compose/other.yml:2: service 'other'. Write *"
        ]
    )
    assert result.stdout.str().count("is also that of") == 1


def test_what_tests_put_into_redis_and_a_broker_is_gone(
    resetting: Sharing, redis_image: str, broker_image: str
) -> None:
    resetting.server("redis", image=redis_image, ports=["6379"])
    resetting.server("broker", image=broker_image, ports=["1883"])
    resetting.conftest(
        """
        import pytest
        from notes import sh

        @pytest.fixture(scope="session")
        def loaded(redis):
            sh(redis, "redis-cli SET loaded yes")
        """
    )
    resetting.tests(
        '''
        import pytest
        from notes import note, saw, sh

        # A message that is not retained comes after all that are, and ends the subscription.
        RETAINED = """
            mosquitto_sub --retained-only -t 'shop/#' -F %t & heard=$!
            while kill -0 $heard 2>/dev/null; do mosquitto_pub -t shop/end -m 1; done
        """

        @pytest.mark.parametrize("number", range(3))
        def test_it(loaded, redis, broker, number):
            saw(redis, broker)
            note("keys", sh(redis, "redis-cli KEYS '*'"))
            sh(redis, f"redis-cli SET key{number} 1; redis-cli DEL loaded")
            sh(broker, f"mosquitto_pub -r -q 1 -t shop/{number} -m 1")
            note("topics", sh(broker, RETAINED))
        '''
    )
    resetting.passes(passed=3)
    assert len({*resetting.values("redis")}) == len({*resetting.values("broker")}) == 1
    assert resetting.values("keys") == ["loaded"] * 3
    assert resetting.values("topics") == [f"shop/{n}" for n in range(3)]


def test_what_a_service_that_joins_later_did_to_another_stays(
    resetting: Sharing, redis_image: str
) -> None:
    done = {"redis": {"condition": "service_started"}}
    fill = ["redis-cli", "-h", "redis", "SET", "filled", "yes"]
    resetting.server("redis", image=redis_image, ports=["6379"])
    resetting.server("fill", image=redis_image, command=fill, depends_on=done)
    filled = {**done, "fill": {"condition": "service_completed_successfully"}}
    resetting.service("app", depends_on=filled)
    resetting.tests(
        """
        from notes import note, sh

        def test_alone(redis):
            sh(redis, "redis-cli SET key 1")

        def test_joins(redis, app):
            note("keys", sh(redis, "redis-cli KEYS '*'"))
            sh(redis, "redis-cli FLUSHALL")

        def test_again(redis, app):
            note("keys", sh(redis, "redis-cli KEYS '*'"))
        """
    )
    resetting.passes(passed=3)
    assert resetting.values("keys") == ["filled"] * 2


def test_what_a_modules_fixture_loads_is_gone_for_the_next_module(
    resetting: Sharing, postgres_image: str
) -> None:
    resetting.postgres(postgres_image)
    resetting.conftest(
        """
        import pytest
        from notes import sql

        @pytest.fixture(scope="session")
        def schema(postgres):
            sql(postgres, "CREATE TABLE item (word text)", "INSERT INTO item VALUES ('session')")
            return postgres

        @pytest.fixture(scope="module")
        def loaded(schema, request):
            sql(schema, f"INSERT INTO item VALUES ('{request.module.__name__}')")
            return schema
        """
    )
    for name, fixture in (("one", "loaded"), ("two", "loaded"), ("three", "schema")):
        resetting.write(
            f"test_{name}.py",
            f"""
            import pytest
            from notes import note, saw, sql

            @pytest.mark.parametrize("number", range(2))
            def test_it({fixture}, postgres, number):
                saw(postgres)
                note("{name}", sql(postgres, "SELECT word FROM item ORDER BY word").split())
                sql(postgres, "INSERT INTO item VALUES ('test')")
            """,
        )
    resetting.passes("test_one.py", "test_two.py", "test_three.py", passed=6)
    assert len({*resetting.values("postgres")}) == 1
    assert resetting.values("one") == [["session", "test_one"]] * 2
    assert resetting.values("two") == [["session", "test_two"]] * 2
    assert resetting.values("three") == [["session"]] * 2


def test_a_client_that_lost_its_connection_is_replaced_if_it_does_not_recover(
    resetting: Sharing, postgres_image: str
) -> None:
    """One asks its own connection, and never makes another; one connects for each question."""
    resetting.postgres(postgres_image)
    asked = "exec 3<>/dev/tcp/127.0.0.1/8080; echo >&3; head -1 <&3 | grep -q '[0-9]'"
    client = {
        "image": postgres_image,
        "environment": {"PGHOST": "postgres", "PGPASSWORD": "shop"},
        "depends_on": {"postgres": {"condition": "service_healthy"}},
        "ports": ["8080"],
        "healthcheck": {"test": ["CMD", "timeout", "3", "bash", "-c", asked]},
        "x-harness": {"reset": "none"},
    }
    resetting.server("holds", **client, command=["perl", "-e", CLIENT])
    asks = 'print $$in "$$query;\\n"; print $$client scalar <$$out> || "gone\\n"'
    assert asks in CLIENT
    recovers = CLIENT.replace(asks, 'print $$client `psql -XAtqc "$$query"`').replace(
        'open2($$out, $$in, "psql", "-XAtq");', ""
    )
    resetting.server("connects", **client, command=["perl", "-e", recovers])
    resetting.conftest(
        """
        import pytest
        from notes import sql

        @pytest.fixture(scope="session")
        def schema(postgres):
            sql(postgres, "CREATE TABLE item ()")
            return postgres
        """
    )
    resetting.tests(
        """
        import pytest
        from notes import saw, sql
        from talk import ask

        @pytest.mark.parametrize("number", range(3))
        def test_it(schema, holds, connects, number):
            saw(schema, holds, connects)
            assert ask(holds) == ask(connects) == "1"
            sql(schema, "CREATE TABLE other ()")
            assert ask(holds) == ask(connects) == "2"
        """
    )
    resetting.passes(passed=3)
    assert len({*resetting.values("postgres")}) == len({*resetting.values("connects")}) == 1
    assert len({*resetting.values("holds")}) == 3
