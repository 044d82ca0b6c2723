"""The databases of a PostgreSQL server are put back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.container import Container
from harness.errors import ResetError
from harness.services.base import Technology
from harness.stack.lease import Lease

from .lab import Lab, docker_engine
from .servers import Client, resetting, shop_image


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    with shop_image("postgres") as tag:
        yield tag


@pytest.fixture
def stack(lab: Lab, image: str) -> Lease:
    lab.compose(f"""
    services:
      postgres:
        image: {image}
        init: true
        ports: ["5432"]
        healthcheck: {{test: [CMD, pg_isready, --host=127.0.0.1]}}
      client:
        image: {image}
        init: true
        command: [sleep, infinity]
        environment: {{PGPASSWORD: shop, PGHOST: postgres}}
    """)
    return lab.up("postgres", "client")


@pytest.fixture
def postgres(stack: Lease) -> Container:
    return stack.containers("postgres")[0]


@pytest.fixture
def technology(postgres: Container) -> Iterator[Technology]:
    with resetting(postgres) as found:
        assert found.name == "postgres"
        yield found


def sql(postgres: Container, *statements: str, database: str = "shop") -> str:
    commands = [word for statement in statements for word in ("-c", statement)]
    psql = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, *commands]
    result = postgres.exec(psql)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def databases(postgres: Container) -> set[str]:
    """Return the databases that an application sees: no templates, and open to connections."""
    look = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate"
    return set(sql(postgres, look).split("\n"))


def test_rows_tables_and_sequences_come_back(postgres: Container, technology: Technology) -> None:
    sql(
        postgres,
        "CREATE TABLE item (id serial PRIMARY KEY, word text)",
        "CREATE TABLE other ()",
        "INSERT INTO item (word) VALUES ('one'), ('two')",
    )
    assert technology.save(0) == frozenset()

    sql(
        postgres,
        "INSERT INTO item (word) VALUES ('three')",
        "UPDATE item SET word = 'changed' WHERE id = 1",
        "DROP TABLE other",
        "CREATE TABLE new ()",
        "CREATE SCHEMA more",
    )
    technology.restore(0)

    assert sql(postgres, "SELECT string_agg(word, ',' ORDER BY id) FROM item") == "one,two"
    assert sql(postgres, "INSERT INTO item (word) VALUES ('x') RETURNING id") == "3"
    assert sql(postgres, "SELECT to_regclass('other'), to_regclass('new')") == "other|"
    assert sql(postgres, "SELECT to_regnamespace('more') IS NULL") == "t"


def test_twenty_times_in_a_row(postgres: Container, technology: Technology) -> None:
    sql(postgres, "CREATE TABLE item (word text)")
    technology.save(0)
    for _ in range(20):
        sql(postgres, "INSERT INTO item VALUES ('test')")
        technology.restore(0)
        assert sql(postgres, "SELECT count(*) FROM item") == "0"


def test_the_database_called_postgres_is_an_applications_too(
    postgres: Container, technology: Technology
) -> None:
    sql(postgres, "CREATE TABLE item AS SELECT 1 AS word", database="postgres")
    technology.save(0)
    for _ in range(3):
        sql(postgres, "DROP TABLE item", database="postgres")
        technology.restore(0)
        assert sql(postgres, "SELECT * FROM item", database="postgres") == "1"


def test_created_databases_go_and_dropped_ones_come_back(
    postgres: Container, technology: Technology
) -> None:
    sql(postgres, "CREATE DATABASE mine")
    sql(postgres, "CREATE TABLE item AS SELECT 1 AS word", database="mine")
    technology.save(0)
    sql(postgres, "DROP DATABASE mine", "CREATE DATABASE new", "CREATE DATABASE t IS_TEMPLATE true")
    sql(postgres, "ALTER DATABASE shop RENAME TO renamed", database="postgres")
    technology.restore(0)
    assert databases(postgres) == {"postgres", "shop", "mine"}
    assert sql(postgres, "SELECT * FROM item", database="mine") == "1"
    sql(postgres, "CREATE DATABASE new", "CREATE DATABASE renamed", "CREATE DATABASE t")


def test_any_name_will_do(postgres: Container, technology: Technology) -> None:
    names = ["My Shop", "it's", 'the "best"', "ünï\\code", "a\nb", ":x{}%s"]
    for name in names:
        sql(postgres, f"CREATE DATABASE {quoted(name)}")
        sql(postgres, "CREATE TABLE item AS SELECT 1 AS word", database=connection(name))
    technology.save(0)
    for name in names:
        sql(postgres, "DROP TABLE item", database=connection(name))
        sql(postgres, f"CREATE DATABASE {quoted(name + '2')}", f"CREATE ROLE {quoted(name)}")
    technology.restore(0)
    assert len(databases(postgres)) == len(names) + 3  # a name with a newline takes two lines
    assert sql(postgres, "SELECT count(*) FROM pg_roles WHERE rolcanlogin") == "1"
    for name in names:
        assert sql(postgres, "SELECT * FROM item", database=connection(name)) == "1"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def connection(name: str) -> str:
    """Return a connection string."""
    return "dbname='" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


def test_what_a_template_does_not_carry_is_kept(
    postgres: Container, technology: Technology
) -> None:
    sql(
        postgres,
        "CREATE ROLE owner",
        "CREATE ROLE reader",
        "CREATE DATABASE mine OWNER owner CONNECTION LIMIT 7 ENCODING 'SQL_ASCII' "
        "LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
        "ALTER DATABASE mine SET search_path = \"$user\", 'a b', public",
        "ALTER ROLE reader IN DATABASE mine SET work_mem = '3MB'",
        "REVOKE ALL ON DATABASE mine FROM public",
        "GRANT CONNECT ON DATABASE mine TO reader WITH GRANT OPTION",
        "COMMENT ON DATABASE mine IS 'it''s mine'",
    )
    look = """
        SELECT pg_get_userbyid(datdba), datconnlimit, datacl, datcollate, encoding, datallowconn,
          shobj_description(d.oid, 'pg_database'),
          (SELECT array_agg(concat(setrole::regrole, setconfig) ORDER BY setrole)
           FROM pg_db_role_setting WHERE setdatabase = d.oid)
        FROM pg_database d WHERE datname = 'mine'
    """
    before = sql(postgres, look)
    assert "3MB" in before
    technology.save(0)
    changes = (
        "ALTER DATABASE mine OWNER TO shop",
        "ALTER DATABASE mine RESET search_path",
        "GRANT ALL ON DATABASE mine TO public",
    )
    for _ in range(2):
        sql(postgres, *changes)
        technology.restore(0)
        assert sql(postgres, look) == before
        sql(postgres, "CREATE TABLE item ()", database="mine")
        technology.restore(0)
        assert sql(postgres, look) == before
    # the privileges are known to the roles again
    assert postgres.exec(["psql", "-d", "shop", "-c", "DROP ROLE reader"]).exit_code != 0


@pytest.fixture
def client(stack: Lease) -> Container:
    """A container from which to connect."""
    return stack.containers("client")[0]


def test_an_open_connection_is_cut_and_its_address_told(
    postgres: Container, client: Container, technology: Technology
) -> None:
    (address,) = docker_engine().snapshot(client.id).addresses
    sql(postgres, "CREATE TABLE item ()")

    def connected() -> Client:
        opened = Client(client, "psql", "-XAtq", "-U", "shop", "shop")
        opened.say("SELECT 'here';", "here\n")
        return opened

    first = connected()
    assert technology.save(0) == {address}
    first.say("SELECT 1;", "terminating connection")
    first.close()

    second, third = connected(), connected()
    second.say("BEGIN; LOCK TABLE item; INSERT INTO item DEFAULT VALUES; SELECT 'held';", "held\n")
    assert technology.restore(0) == {address}
    for cut in (second, third):
        cut.say("SELECT 1;", "terminating connection")
        cut.close()
    assert technology.restore(0) == frozenset()
    assert sql(postgres, "SELECT count(*) FROM item") == "0"


def test_clients_that_keep_coming_back_do_not_stop_a_restore(
    postgres: Container, client: Container, technology: Technology
) -> None:
    sql(postgres, "CREATE TABLE item (word text)")
    technology.save(0)
    loop = """for n in 1 2 3; do (while :; do
        psql -Xq -U shop shop -c "INSERT INTO item VALUES ('$n')" 2>/dev/null
    done) & done; while read ask; do echo "still $ask"; done; kill 0"""
    storm = Client(client, "setsid", "bash", "-c", loop)
    for number in range(10):
        storm.say(f"{number}", f"still {number}\n")
        technology.restore(0)
    storm.close()


def test_levels_stand_on_each_other(postgres: Container, technology: Technology) -> None:
    sql(postgres, "CREATE TABLE item AS SELECT 0 AS level")
    technology.save(0)
    sql(postgres, "INSERT INTO item VALUES (1)", "CREATE DATABASE one", "CREATE ROLE one")
    technology.save(1)
    roles = "SELECT count(*) FROM pg_roles WHERE rolname = 'one'"
    for level in (1, 0, 1, 1, 0, 0, 1):
        sql(postgres, "DELETE FROM item")
        technology.restore(level)
        assert sql(postgres, "SELECT max(level) FROM item") == str(level)
        assert databases(postgres) == {"postgres", "shop", *(["one"] if level else [])}
    assert sql(postgres, roles) == "0"

    technology.restore(0)
    sql(postgres, "INSERT INTO item VALUES (7)")
    technology.save(0)
    with pytest.raises(ResetError, match="nothing was remembered at level 1"):
        technology.restore(1)
    technology.restore(0)
    assert sql(postgres, "SELECT max(level) FROM item") == "7"


def test_created_roles_go(postgres: Container, technology: Technology) -> None:
    technology.save(0)
    for _ in range(3):
        sql(
            postgres,
            "CREATE ROLE \"New Role\" LOGIN PASSWORD 'x'",
            'CREATE TABLE theirs (); ALTER TABLE theirs OWNER TO "New Role"',
            'GRANT ALL ON DATABASE shop TO "New Role"',
        )
        technology.restore(0)
        assert sql(postgres, "SELECT count(*) FROM pg_roles WHERE rolname = 'New Role'") == "0"


def test_a_test_can_still_copy_the_standard_template(
    postgres: Container, technology: Technology
) -> None:
    technology.save(0)
    technology.restore(0)
    sql(postgres, "CREATE DATABASE new TEMPLATE template1", "DROP DATABASE new")
    sql(postgres, "CREATE DATABASE new TEMPLATE postgres", "DROP DATABASE new")


def test_a_restarted_server_is_connected_to_again(
    postgres: Container, technology: Technology
) -> None:
    sql(postgres, "CREATE TABLE item ()")
    technology.save(0)
    technology.restore(0)
    for _ in range(2):
        postgres.restart()
        sql(postgres, "DROP TABLE item")
        technology.restore(0)
        assert sql(postgres, "SELECT count(*) FROM item") == "0"


def test_what_an_earlier_run_left_is_dropped(postgres: Container) -> None:
    ours = "SELECT count(*) FROM pg_database WHERE datname LIKE 'harness\\_reset\\_copy%'"
    for _ in range(3):
        with resetting(postgres) as technology:
            technology.save(0)
            assert sql(postgres, ours) == "2"


def test_a_database_that_cannot_be_copied_is_an_error(lab: Lab, image: str) -> None:
    lab.compose(f"""
    services:
      postgres:
        image: {image}
        command: [postgres, -c, wal_level=logical]
        healthcheck: {{test: [CMD, pg_isready]}}
    """)
    postgres = lab.container("postgres")
    sql(postgres, "SELECT pg_create_logical_replication_slot('feed', 'test_decoding')")
    with resetting(postgres) as technology:
        with pytest.raises(
            ResetError, match=r"service 'postgres'.*replication slot feed of .*shop"
        ):
            technology.save(0)
        assert sql(postgres, "SELECT pg_drop_replication_slot('feed')") == ""
        technology.save(0)


def test_a_superuser_who_is_not_let_in_is_an_error(lab: Lab, image: str) -> None:
    lab.compose(f"""
    services:
      postgres:
        image: {image}
        environment: {{POSTGRES_USER: nobody}}
        healthcheck: {{test: [CMD, pg_isready]}}
    """)
    with (
        resetting(lab.container("postgres")) as technology,
        pytest.raises(ResetError, match=r'(?s)role "nobody" does not exist.*x-harness'),
    ):
        technology.save(0)
