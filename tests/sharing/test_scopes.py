"""Fixtures of wider scopes that use services, under each isolation."""

from __future__ import annotations

import pytest

from .sharing import Sharing

SCHEMA = """
    import pytest
    from notes import note, saw, sql

    @pytest.fixture(scope="session")
    def schema(postgres):
        note("schema")
        sql(
            postgres,
            "SELECT pg_advisory_lock(1)",  # where workers share it, both come here
            "CREATE TABLE IF NOT EXISTS item (word text)",
            "INSERT INTO item SELECT 'loaded' WHERE NOT EXISTS (SELECT FROM item)",
        )
        return postgres

    def words(postgres):
        return sql(postgres, "SELECT word FROM item ORDER BY word").split()
    """
TESTS = """
    import pytest
    from conftest import words
    from notes import note, reaches, running, saw, sh, sql

    @pytest.mark.parametrize("number", range(4))
    def test_with_schema(schema, orders, number):
        saw(schema, orders)
        note("words", words(schema))
        sql(schema, f"INSERT INTO item VALUES ('n{number}')")
        sh(orders, "perl -MIO::Socket -e 'IO::Socket::INET->new(q(postgres:5432)) or die $!'")
        note("files", sh(orders, "ls /tmp; touch /tmp/used"))
        assert schema.host and schema.port
    """


@pytest.fixture
def shop(team: Sharing, postgres_image: str) -> Sharing:
    """A team with a database, a service that depends on it, and a fixture that loads a table."""
    team.postgres(postgres_image)
    team.greeter("orders", depends_on=["postgres"], **{"x-harness": {"reset": ["true"]}})
    team.conftest(SCHEMA)
    return team


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "two workers"])
@pytest.mark.parametrize("isolation", ["fresh", "reset", "shared"])
def test_a_session_fixture_loads_a_database_once_for_all_tests(
    shop: Sharing, isolation: str, workers: list[str]
) -> None:
    shop.tests(TESTS)
    shop.passes(f"--harness-isolation={isolation}", *workers, passed=4)

    processes = {note.worker for note in shop.notes("postgres")}
    stacks = 1 if isolation == "shared" else len(processes)
    if isolation != "shared":  # there the table is there already for the second worker
        assert len(shop.notes("schema")) == len(processes)
    assert len({*shop.values("postgres")}) == stacks
    assert len({*shop.values("orders")}) == (4 if isolation == "fresh" else stacks)
    if isolation == "reset":
        assert shop.values("words") == [["loaded"]] * 4
    if isolation == "fresh":
        assert shop.values("files") == [""] * 4


def test_each_scope_of_a_fixture_is_the_life_of_its_services(shop: Sharing) -> None:
    """A session's, a module's and a class's; a test without them has a service of its own."""
    shop.services("broker", "store")
    shop.conftest(
        """
        import harness
        import pytest

        class Broker(harness.Service, container_name="broker"): ...

        broker = harness.service_fixture(Broker, scope="session")

        @pytest.fixture(scope="module")
        def loaded(postgres):
            return postgres

        @pytest.fixture(scope="class")
        def warm(store):
            return store
        """
    )
    module = """
        from notes import note, saw

        class TestFirst:
            def test_one(self, broker, loaded, warm, orders): saw(broker, loaded, warm, orders)
            def test_two(self, broker, loaded, warm, orders): saw(broker, loaded, warm, orders)

        class TestSecond:
            def test_three(self, broker, loaded, warm): saw(broker, loaded, warm)

        def test_without_the_fixture(postgres, store): saw(postgres, store)
        """
    shop.write("test_one.py", module)
    shop.write("test_two.py", module)
    shop.passes(passed=8)

    assert len({*shop.values("broker")}) == 1
    assert [*map(shop.values("postgres").count, shop.values("postgres"))] == [3, 3, 3, 1] * 2
    assert [*map(shop.values("store").count, shop.values("store"))] == [2, 2, 1, 1] * 2
    assert len({*shop.values("orders")}) == 4
