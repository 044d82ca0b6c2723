"""Where services listen, in place of their names: every form of a value that is understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.plan.addresses import Address, AmbiguousError, filled_in, rewritten

NAMES = {
    "service1": {8080: Address("127.0.0.1", 20001)},
    "postgres": {5432: Address("127.0.0.1", 20002)},
    "redis": {6379: Address("127.0.0.1", 20003)},
    "my-app": {80: Address("127.0.0.1", 20004)},
    "my": {80: Address("127.0.0.1", 20005)},
    "kafka": {9092: Address("127.0.0.1", 20006), 9093: Address("127.0.0.1", 20007)},
    "silent": {},
}


def one(value: str, name: str = "VALUE") -> str:
    return rewritten({name: value}, NAMES)[name]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("service1:8080", "127.0.0.1:20001"),
        ("http://service1:8080", "http://127.0.0.1:20001"),
        ("http://service1:8080/path?q=service1", "http://127.0.0.1:20001/path?q=service1"),
        ("service1:8080,postgres:5432", "127.0.0.1:20001,127.0.0.1:20002"),
        ("kafka:9092 kafka:9093", "127.0.0.1:20006 127.0.0.1:20007"),
        ("PLAINTEXT://kafka:9092", "PLAINTEXT://127.0.0.1:20006"),
        ('{"url": "http://service1:8080"}', '{"url": "http://127.0.0.1:20001"}'),
        ("http://my-app/", "http://127.0.0.1:20004/"),
        ("http://my/", "http://127.0.0.1:20005/"),
        ("my-app:80", "127.0.0.1:20004"),
        ("redis://redis/0", "redis://127.0.0.1:20003/0"),
        ("redis://:pw@redis:6379/0", "redis://:pw@127.0.0.1:20003/0"),
        ("postgresql://postgres:postgres@postgres/postgres",
         "postgresql://postgres:postgres@127.0.0.1:20002/postgres"),
        ("postgresql://postgres:5432@postgres:5432/db",
         "postgresql://postgres:5432@127.0.0.1:20002/db"),
        ("postgresql+asyncpg://u:p@postgres/db", "postgresql+asyncpg://u:p@127.0.0.1:20002/db"),
        ("jdbc:postgresql://postgres:5432/db", "jdbc:postgresql://127.0.0.1:20002/db"),
        ("amqp-like://service1/vhost", "amqp-like://127.0.0.1:20001/vhost"),
        ("host=postgres port=5432 user=postgres", "host=127.0.0.1 port=20002 user=postgres"),
        ("user=postgres host=postgres", "user=postgres host=127.0.0.1 port=20002"),
        ("Host=postgres;Port=5432;User=postgres", "Host=127.0.0.1;Port=20002;User=postgres"),
    ],
)  # fmt: skip
def test_an_address_is_turned_into_where_it_listens(value: str, expected: str) -> None:
    assert one(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "postgres",
        "other:8080",
        "service1.example.com:8080",
        "not-service1:8080",
        "service1-b:8080",
        "/var/lib/service1:8080",
        "postgres:5432@elsewhere",
        "https://example.com/service1",
        "ghost=postgres",
        "12:30",
    ],
)
def test_what_is_no_address_stays(value: str) -> None:
    assert one(value) == value


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("DB_HOST", "DB_PORT"),
        ("PGHOST", "PGPORT"),
        ("db_host", "db_port"),
        ("dbHost", "dbPort"),
        ("HOST", "PORT"),
        ("DB_HOSTNAME", "DB_PORT"),
        ("HOST_DB", "PORT_DB"),
        ("DB_SERVER", "DB_PORT"),
    ],
)
def test_host_and_port_in_two_variables_are_rewritten_together(host: str, port: str) -> None:
    found = rewritten({host: "postgres", port: "5432", "DB_USER": "postgres"}, NAMES)

    assert found == {host: "127.0.0.1", port: "20002", "DB_USER": "postgres"}


@pytest.mark.parametrize(
    "name", ["DB_USER", "POSTGRES_DB", "MODE", "GHOST_MODE", "HOSTED", "SHOST1"]
)
def test_a_name_that_is_no_host_by_its_variable_stays(name: str) -> None:
    assert one("postgres", name) == "postgres"


@pytest.mark.parametrize(
    ("environment", "variable", "why"),
    [
        ({"DB_HOST": "postgres"}, "DB_HOST", "no DB_PORT that is a number"),
        ({"DB_HOST": "postgres", "DB_PORT": "auto"}, "DB_HOST", "no DB_PORT that is a number"),
        (
            {"DB_HOST": "postgres", "DB_PORT": "1"},
            "DB_HOST",
            "postgres:1, but 'postgres' has ports",
        ),
        ({"HOSTS": "postgres,redis"}, "HOSTS", "'postgres' without a port"),
        ({"URL": "http://service1"}, "URL", "service1:80, but 'service1' has ports 8080"),
        ({"URL": "odd://kafka"}, "URL", "names no port, and 'kafka' has ports 9092, 9093"),
        ({"A": "postgres:1"}, "A", "postgres:1, but 'postgres' has ports 5432"),
        ({"A": "silent:80"}, "A", "'silent' has no port that is known"),
        ({"DSN": "host=kafka"}, "DSN", "no port=, and 'kafka' has ports 9092, 9093"),
        (
            {
                "DB_HOST": "kafka",
                "DB_SERVER": "other",
                "DB_HOSTNAME": "postgres",
                "DB_PORT": "9092",
            },
            "DB_HOSTNAME",
            "postgres:9092",
        ),
    ],
)
def test_what_is_ambiguous_is_told(environment: dict[str, str], variable: str, why: str) -> None:
    with pytest.raises(AmbiguousError) as error:
        rewritten(environment, NAMES)

    assert error.value.variable == variable
    assert why in error.value.why


def test_a_port_of_two_hosts_is_told() -> None:
    names = {name: {1: Address("127.0.0.1", port)} for name, port in (("a", 10), ("b", 20))}

    with pytest.raises(AmbiguousError) as error:
        rewritten({"DB_HOST": "a", "DB_SERVER": "b", "DB_PORT": "1"}, names)

    assert (error.value.variable, error.value.why) == (
        "DB_PORT",
        "it is the port of both DB_HOST and DB_SERVER",
    )


def test_a_services_own_name_is_no_host_to_be_reached() -> None:
    environment = {"ALLOWED_HOSTS": "postgres,localhost", "VIRTUAL_HOST": "postgres"}

    assert rewritten(environment, NAMES, own=["postgres"]) == environment


def test_a_port_that_is_given_elsewhere_is_left_to_that() -> None:
    found = rewritten({"DB_HOST": "postgres"}, NAMES, given=["DB_PORT"])

    assert found == {"DB_HOST": "127.0.0.1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${PORT}", "1"),
        ("--port=${PORT_8080}", "--port=1"),
        ("${service1.host}:${service1.port}", "127.0.0.1:20001"),
        ("${kafka.port_9093}", "20007"),
        ("${HOME} $PORT {PORT}", "${HOME} $PORT {PORT}"),
    ],
)
def test_references_are_filled_in(text: str, expected: str) -> None:
    assert filled_in(text, {"PORT": "1", "PORT_8080": "1"}, NAMES) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("${PORT_9}", "the service has PORT"),
        ("${servce1.host}", "no service 'servce1' can be reached"),
        ("${kafka.port_1}", "'kafka' has 9092, 9093, not 1"),
    ],
)
def test_references_that_lead_nowhere_are_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        filled_in(text, {"PORT": "1"}, NAMES)


TEXT = st.text(st.sampled_from("aservice1potg:/@.-=,; 058"), max_size=30)


@given(TEXT)
def test_text_without_a_name_stays(text: str) -> None:
    names = {"zebra": {80: Address("127.0.0.1", 1)}}

    assert rewritten({"VALUE": text}, names) == {"VALUE": text}


@given(TEXT, TEXT)
def test_no_text_makes_it_fail_in_another_way(before: str, after: str) -> None:
    for value in (f"{before}service1{after}", f"{before}service1:8080{after}"):
        try:
            found = one(value)
        except AmbiguousError:
            continue
        assert isinstance(found, str)


@given(st.sampled_from(["", "http://", "x,", " ", '"']), st.sampled_from(["", "/", ",y", '"', " "]))
def test_an_address_among_other_text_is_found(before: str, after: str) -> None:
    assert one(f"{before}service1:8080{after}") == f"{before}127.0.0.1:20001{after}"


@given(TEXT)
def test_what_was_rewritten_stays_when_rewritten_again(text: str) -> None:
    try:
        once = one(f"http://service1:8080/{text}")
        again = one(once)
    except AmbiguousError:
        return
    assert again == once


@pytest.mark.parametrize(
    ("written", "scheme", "becomes"),
    [
        ("http://app:8080/x", "https", "https://there:1/x"),
        ("https://app:8080", "http", "http://there:1"),
        ("ws://app:8080", "https", "wss://there:1"),
        ("redis://:word@app:8080/0", "rediss", "rediss://:word@there:1/0"),
        ("http://app:8080", "", "http://there:1"),
        ("http://app:8080", "postgresql", "http://there:1"),
        ("grpc://app:8080", "https", "grpc://there:1"),
        ("app:8080", "https", "there:1"),
    ],
)
def test_a_url_takes_the_scheme_of_where_it_leads(written: str, scheme: str, becomes: str) -> None:
    names = {"app": {8080: Address("there", 1, scheme)}}

    assert rewritten({"V": written}, names)["V"] == becomes
