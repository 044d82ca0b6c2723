from __future__ import annotations

import pytest

from harness.model.names import Naming, name_services, python_name


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("db", "db"),
        ("order-service", "order_service"),
        ("my.db-2", "my_db_2"),
        ("API", "API"),
        ("match", "match"),
    ],
)
def test_a_service_is_named_as_python_would_spell_it(service: str, name: str) -> None:
    assert python_name(service) == name
    assert name_services([service]) == Naming({service: name}, {})


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        ("1db", "`1db` is no Python identifier"),
        ("class", "`class` is a Python keyword"),
        ("_db", "`_db` begins with an underscore"),
        (".db", "`_db` begins with an underscore"),
    ],
)
def test_a_service_without_a_python_name_has_a_reason(service: str, reason: str) -> None:
    assert name_services([service]) == Naming({}, {service: reason})


def test_services_that_would_share_a_name_both_lose_it() -> None:
    naming = name_services(["my.db", "web", "my-db"])
    assert naming.names == {"web": "web"}
    reason = "`my.db` and `my-db` would both be `my_db`"
    assert naming.unnamed == {"my.db": reason, "my-db": reason}


def test_three_services_of_one_name_are_all_listed() -> None:
    naming = name_services(["a.b", "a-b", "a_b"])
    assert naming.unnamed["a_b"] == "`a.b`, `a-b` and `a_b` would all be `a_b`"


def test_a_service_mentioned_twice_keeps_its_name() -> None:
    assert name_services(["db", "db"]).names == {"db": "db"}


def test_reserved_names_are_the_callers_choice() -> None:
    naming = name_services(["services", "harness-events"], reserved={"harness_events"})
    assert naming.names == {"services": "services"}
    assert naming.unnamed == {
        "harness-events": "`harness_events` is taken by pytest or the harness itself"
    }
