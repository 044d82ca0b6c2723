"""The shop: what is written through one service is read through another."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from ..eventually import eventually

if TYPE_CHECKING:
    from harness import ContainerGetter

    from .services import Catalog, Mailer, Orders, Postgres, Redis


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("catalog", marks=pytest.mark.catalog),
        pytest.param("mailer", marks=pytest.mark.mailer),
        pytest.param("orders", marks=pytest.mark.orders),
    ],
)
def test_a_started_service_is_healthy(name: str, container_getter: ContainerGetter) -> None:
    info = container_getter.get(name).network_info[0]
    with urlopen(f"http://{info.hostname}:{info.host_port}/health", timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.services("postgres", "redis")
def test_both_stores_answer(
    postgres: Postgres, redis: Redis, container_getter: ContainerGetter
) -> None:
    assert redis.command("PING") == "PONG"
    assert postgres.dsn == f"postgresql://shop:shop@{postgres.host}:{postgres.port}/shop"
    answer = container_getter.get("postgres").exec(["psql", "-At", "-c", "SELECT 6 * 7"])
    assert (answer.exit_code, answer.output.strip()) == (0, "42")


@pytest.mark.migrate
def test_the_migration_makes_the_schema(container_getter: ContainerGetter) -> None:
    migration = container_getter.get("migrate")
    assert migration.exit_code == 0
    assert "CREATE TABLE" in migration.logs()
    tables = container_getter.get("postgres").exec(["psql", "-At", "-c", r"\dt"])
    assert "products" in tables.output


@pytest.mark.catalog
def test_a_product_is_a_row_in_the_database(
    catalog: Catalog, container_getter: ContainerGetter
) -> None:
    catalog.save("tea", price=450)
    rows = container_getter.get("postgres").exec(
        ["psql", "-At", "-c", "SELECT sku, price FROM products"]
    )
    assert rows.output.strip() == "tea|450"


@pytest.mark.catalog
@pytest.mark.parametrize("sku", ["tea", "coffee"])
def test_each_test_has_a_database_of_its_own(sku: str, catalog: Catalog) -> None:
    assert catalog.products() == {}
    catalog.save(sku, price=450)
    assert catalog.products() == {sku: 450}


@pytest.mark.orders
@pytest.mark.mailer
def test_an_order_is_priced_kept_and_mailed(
    catalog: Catalog, orders: Orders, mailer: Mailer
) -> None:
    catalog.save("tea", price=450)

    status, order = orders.place("tea", quantity=2)

    assert status == 201
    assert order == {"id": 1, "sku": "tea", "quantity": 2, "total": 900, "currency": "EUR"}
    assert orders.get(order["id"]).content == order
    assert eventually(mailer.mails, until=bool) == ["2 x tea: 9.00 EUR"]


@pytest.mark.orders
@pytest.mark.mailer
def test_an_unknown_product_is_refused_and_not_mailed(
    catalog: Catalog, orders: Orders, mailer: Mailer
) -> None:
    catalog.save("tea", price=450)

    assert orders.place("unicorn").status == 422
    assert orders.place("tea").status == 201

    # The broker keeps the order of messages: a mail for the unicorn would come before this one.
    assert eventually(mailer.mails, until=bool) == ["1 x tea: 4.50 EUR"]


@pytest.mark.orders
def test_a_changed_price_counts_once_the_cached_one_is_gone(
    catalog: Catalog, orders: Orders, redis: Redis
) -> None:
    catalog.save("tea", price=450)
    assert orders.place("tea").content["total"] == 450

    catalog.save("tea", price=500)
    assert redis.command("GET", "price:tea") == "450"
    assert orders.place("tea").content["total"] == 450

    assert redis.command("DEL", "price:tea") == "1"
    assert orders.place("tea").content["total"] == 500


@pytest.mark.orders
def test_without_redis_orders_says_what_is_missing(
    catalog: Catalog, orders: Orders, container_getter: ContainerGetter
) -> None:
    catalog.save("tea", price=450)
    redis = container_getter.get("redis")

    redis.stop()
    refused = orders.place("tea")
    assert refused.status == 503
    assert "redis" in refused.content["error"]

    redis.start()
    assert orders.place("tea").status == 201


@pytest.mark.orders
@pytest.mark.mailer
def test_an_order_placed_while_the_mailer_is_away_is_mailed_when_it_is_back(
    catalog: Catalog, orders: Orders, mailer: Mailer, container_getter: ContainerGetter
) -> None:
    catalog.save("tea", price=450)
    container = container_getter.get("mailer")

    container.stop()
    assert orders.place("tea").status == 201
    container.start()

    assert eventually(mailer.mails, until=bool) == ["1 x tea: 4.50 EUR"]


@pytest.mark.orders(env={"CURRENCY": "CHF"})
def test_a_shop_in_another_currency(catalog: Catalog, orders: Orders) -> None:
    catalog.save("tea", price=450)
    assert orders.place("tea").content["currency"] == "CHF"
