from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from harness.errors import EngineRefusedError, mask_by, masked
from harness.masking import LONG, MASK, Masker, looks_secret

from ..generated import examples

LONG_SECRET = "correct horse/battery@staple"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
# a mask next to it could make it whole again
SECRET = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*"), min_size=LONG)


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD",
        "POSTGRES_PASSWORD_FILE",
        "github_token",
        "AppSecret",
        "API_KEY",
        "KEY",
        "SSH-KEY",
        "KEY_1",
    ],
)
def test_names_that_look_secret(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["KEYBOARD", "MONKEY", "KEYS", "APIKEY", "USER", "PASS", ""])
def test_names_that_do_not_look_secret(name: str) -> None:
    assert not looks_secret(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("DB_PASSWORD=hunter2", "DB_PASSWORD=***"),
        ("HOME=/\nDB_PASSWORD=two words\nPATH=/bin", "HOME=/\nDB_PASSWORD=***\nPATH=/bin"),
        ("    export API_KEY=a=b c", "    export API_KEY=***"),
        ("ran with DB_PASSWORD=hunter2 and USER=app", "ran with DB_PASSWORD=*** and USER=app"),
        ("(DB_PASSWORD=hunter2).", "(DB_PASSWORD=***)."),
        ('DB_PASSWORD="two words" USER=app', 'DB_PASSWORD="***" USER=app'),
        ('["DB_PASSWORD=two words","A=b"]', '["DB_PASSWORD=***","A=b"]'),
        (r'{"DB_PASSWORD": "a\"b", "A": "b"}', '{"DB_PASSWORD": "***", "A": "b"}'),
        ("{'TOKEN': 'abc', 'A': 'b'}", "{'TOKEN': '***', 'A': 'b'}"),
        ("  DB_PASSWORD: two words\n  A: b", "  DB_PASSWORD: ***\n  A: b"),
        ("  db_password: hunter2", "  db_password: ***"),
        ("map[A:b DB_PASSWORD:hunter2 C:d]", "map[A:b DB_PASSWORD:*** C:d]"),
        ("host=db password=hunter2 dbname=x", "host=db password=*** dbname=x"),
        ("spring.datasource.password=hunter2", "spring.datasource.password=***"),
        ("--token=abc --verbose", "--token=*** --verbose"),
        ("GET /?token=abc HTTP/1.1", "GET /?token=*** HTTP/1.1"),
        (r'{"m":"{\"password\": \"hunter2\"}"}', r'{"m":"{\"password\": \"***\"}"}'),
        (r'{"m":"[\"TOKEN=two words\", \"A\"]"}', r'{"m":"[\"TOKEN=***\", \"A\"]"}'),
        (r'{"m":"\"password\": \"cut off"}', r'{"m":"\"password\": \"***"}'),
        ("db.password: hunter2", "db.password: ***"),
        ("set spring.datasource.password: hunter2, x", "set spring.datasource.password: ***, x"),
        ('{"db.password": "hunter2"}', '{"db.password": "***"}'),
        ("\x1b[32mPG_PASSWORD\x1b[0m=hunter2", "\x1b[32mPG_PASSWORD\x1b[0m=***"),
        ("\x1b[1;32mKEY\x1b[0m: \x1b[33mtwo words", "\x1b[1;32mKEY\x1b[0m: \x1b[33m***"),
        ("PG_PASSWORD: |\n  hunter2", "PG_PASSWORD: ***"),
        ("- A_KEY: >-  # x\n\n   a\n    b\n\n  B: c", "- A_KEY: ***\n\n  B: c"),
        ("PG_PASSWORD: |\r\n  hunter2\r\nA: b", "PG_PASSWORD: ***\nA: b"),
    ],
)
def test_what_stands_as_a_value_of_a_secret_name_is_hidden(text: str, shown: str) -> None:
    masker = Masker([("DB_PASSWORD", "hunter2")])

    assert masker.mask(text) == shown
    assert masker.mask(shown) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://app:hunter2@db:5432/app", "postgresql://app:***@db:5432/app"),
        ("postgres://postgres:postgres@db/postgres", "postgres://postgres:***@db/postgres"),
        ("redis://:hunter2@cache", "redis://:***@cache"),
        ("https://ghp_abc@github.com/a/b.git", "https://***@github.com/a/b.git"),
        ("https://ghp_abcdefghi:x-oauth-basic@h/", "https://***:***@h/"),
        ("amqp://guest@queue", "amqp://guest@queue"),
        ("mqtt://my-known-token@queue", "mqtt://***@queue"),
        ("https://example.org/a@b:c", "https://example.org/a@b:c"),
        ("postgres://app:p/w@x@db/app", "postgres://app:***@db/app"),
        ("postgres://u:hun/ter@host/app", "postgres://u:***@host/app"),
        ("postgres://u:hun/t@r@host/a@b", "postgres://u:***@host/a@b"),
        ("postgres://u:hunter2@host/a@b", "postgres://u:***@host/a@b"),
        ("http://host:8080/@scope/a@b", "http://host:8080/@scope/a@b"),
        ("http://[::1]:8080/@scope", "http://[::1]:8080/@scope"),
        ("app:hunter2@tcp(db:3306)/app", "app:***@tcp(db:3306)/app"),
    ],
)
def test_of_a_url_the_secret_of_its_user_part_is_hidden(url: str, shown: str) -> None:
    masker = Masker(
        [
            ("POSTGRES_PASSWORD", "postgres"),
            ("MQ_TOKEN", "my-known-token"),
            ("PG_PASSWORD", "p/w@x"),
        ]
    )

    assert masker.mask(f"cannot reach {url}!") == f"cannot reach {shown}!"


@pytest.mark.parametrize(
    "text",
    [
        'FATAL: password authentication failed for user "postgres"',
        "password: authentication failed",
        "compose/secrets.yml:3: service 'token-issuer': it exited with code 1",
        "tls/server.key:3: server.key: postgresql cannot read it",
        "  password: |\x1b[0m authentication failed",
        "tests/test_token.py::TestToken::test_key",
        "unknown key: 'fixd'. Did you mean 'fixed'?",
        "give it a default: ${DB_PASSWORD:-…}",
        "postgres:16@sha256:0123456789abcdef",
        "MONKEY=1 KEYBOARD=2 12:30@noon",
        "role postgres does not exist",
        "no service debian-bookworm, no image debian-bookworm:slim",
    ],
)
def test_text_that_shows_no_value_comes_out_unchanged(text: str) -> None:
    variables = [
        ("POSTGRES_PASSWORD", "postgres"),
        ("APP_TOKEN", "debian-bookworm"),
        ("APP_SECRET", "eleven-char"),
    ]
    masker = Masker(variables, {"debian-bookworm", "token-issuer", "postgres"})

    assert masker.mask(text) == text


def test_free_text_hides_long_values_only() -> None:
    masker = Masker([("A_TOKEN", "twelve-chars"), ("B_TOKEN", "eleven-char")])

    assert masker.mask("saw twelve-chars, eleven-char") == "saw ***, eleven-char"


def test_a_name_stays_in_free_text_and_not_where_it_stands_as_a_value() -> None:
    masker = Masker([("A_TOKEN", "orders-database")], {"orders-database"})

    assert masker.mask("orders-database A_TOKEN=orders-database") == "orders-database A_TOKEN=***"


def test_the_path_of_a_file_with_a_secret_stays_in_free_text() -> None:
    masker = Masker([("DB_PASSWORD_FILE", "/run/secrets/db"), ("KEY_FILE", "not-a-path-but-a-key")])

    shown = masker.mask("DB_PASSWORD_FILE=/run/secrets/db\n/run/secrets/db: no such file")

    assert shown == "DB_PASSWORD_FILE=***\n/run/secrets/db: no such file"
    assert masker.mask("saw not-a-path-but-a-key") == "saw ***"


@pytest.mark.parametrize(
    "written",
    [
        LONG_SECRET,
        quote(LONG_SECRET, safe=""),
        quote(LONG_SECRET, safe="").lower(),
        LONG_SECRET.replace(" ", "+").replace("/", "%2F").replace("@", "%40"),
    ],
)
def test_a_long_value_is_hidden_however_it_is_written(written: str) -> None:
    masker = Masker([("A_TOKEN", LONG_SECRET)])

    assert masker.mask(f"<{written}>") == "<***>"


def test_each_long_line_of_a_value_is_hidden() -> None:
    masker = Masker([("TLS_KEY", "-----BEGIN KEY-----\nMIIBVgIBADANBgkq\n-----END KEY-----\n")])

    log = "    -----BEGIN KEY-----\n    MIIBVgIBADANBgkq\n    -----END KEY-----"

    assert masker.mask(log) == "    ***\n    ***\n    ***"


def test_a_known_value_of_several_words_is_hidden_to_its_end() -> None:
    masker = Masker([("A_PASSWORD", "a b, c")])

    assert masker.mask("with A_PASSWORD=a b, c it works") == "with A_PASSWORD=*** it works"


def test_a_known_value_that_begins_with_a_quote_is_hidden_to_its_end() -> None:
    masker = Masker([("A_PASSWORD", r"\"a\"b c")])

    assert masker.mask(r"with A_PASSWORD=\"a\"b c it works") == r"with A_PASSWORD=\"*** it works"


def test_a_value_that_is_secret_by_its_use_is_hidden() -> None:
    assert Masker(secrets=["a-value-of-a-file"]).mask("a-value-of-a-file") == MASK


@examples(100)
@given(SECRET, TEXT, TEXT, st.sampled_from([str, json.dumps, repr]))
@example("PASSWORD=aaaaaaaaaaaa", "A=", "\n", str)
@example("a" * 12, "a", "a" * 11, str)
@example("\\" * 12, "\\", "", str)
def test_no_long_secret_survives(secret: str, before: str, after: str, write: object) -> None:
    masker = Masker([("TOKEN", secret)])

    shown = masker.mask(f"{before}{write(secret)}{after}")  # type: ignore[operator]

    assert secret not in shown


@examples(100)
@given(st.lists(SECRET, min_size=1, max_size=4), st.lists(TEXT, max_size=4))
def test_no_long_secret_survives_among_others(secrets: list[str], texts: list[str]) -> None:
    masker = Masker([(f"TOKEN_{n}", secret) for n, secret in enumerate(secrets)])

    shown = masker.mask(
        "".join(part for pair in zip(texts, secrets, strict=False) for part in pair)
    )

    assert all(secret not in shown for secret in secrets)


@examples(100)
@given(st.lists(SECRET, max_size=3), TEXT)
def test_text_without_secrets_comes_out_unchanged(secrets: list[str], text: str) -> None:
    masker = Masker([(f"TOKEN_{n}", secret) for n, secret in enumerate(secrets)])
    assume("@" not in text and not looks_secret(text))
    assume(not any(secret in text for secret in secrets))

    assert masker.mask(text) == text


@examples(100)
@given(TEXT.filter(bool), st.integers(0, 4))
@example("\\", 3)
@example('"\\"', 3)
def test_a_value_is_hidden_however_deep_in_json_it_stands(secret: str, depth: int) -> None:
    def nested(value: str) -> str:
        text = json.dumps({"password": value, "a": "b"})
        for _ in range(depth):
            text = json.dumps({"m": text, "n": 1})
        return text

    assert Masker().mask(nested(secret)) == nested(MASK)


@pytest.mark.parametrize(
    "part",
    [
        "a.",
        "://a:b",
        "://a:b@",
        "\\",
        'KEY\\"',
        "KEY: ",
        "a.key:",
        "TOKEN=x ",
        "\x1b[",
        " ",
        "A_KEY: |\n ",
        "A_KEY: |\n\n",
        '"KEY":"\\',
    ],
)
def test_a_long_text_is_masked_in_steps_that_grow_as_it_does(part: str) -> None:
    # what took steps by the square of the length would go on for many minutes
    text = part * 200_000

    shown = Masker([("KEY", "hunter2")]).mask(f"{text}@=\nDB_PASSWORD=hunter2")

    assert "hunter2" not in shown


def test_an_error_is_masked_wherever_it_is_made_into_text_as_long_as_a_masker_is_known() -> None:
    error = EngineRefusedError("refused abc")
    end = mask_by(lambda text: text.replace("abc", MASK))
    try:
        assert str(error) == "refused ***"
        assert repr(error) == "EngineRefusedError('refused ***')"
        assert masked("abc") == "***"
    finally:
        end()
    assert str(error) == "refused abc"
