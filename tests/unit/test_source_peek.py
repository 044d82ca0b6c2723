from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import ComposeFileError, SettingError
from harness.source import Source, SourceService, discover

if TYPE_CHECKING:
    from pathlib import Path


def read(root: Path, text: str) -> Source:
    (root / "compose.yaml").write_text(text, encoding="utf-8")
    source = discover(root)
    assert source is not None
    return source


def read_service(root: Path, body: str) -> SourceService:
    return read(root, f"services:\n  it: {body}\n").services["it"]


def test_keys_are_text(tmp_path: Path) -> None:
    source = read(tmp_path, "services: {on: {}, 1.0: {}, yes: {}, null: {}, .b_c: {}}")
    assert list(source.services) == ["on", "1.0", "yes", "null", ".b_c"]


def test_merged_mappings_count_and_own_keys_win(tmp_path: Path) -> None:
    source = read(
        tmp_path,
        "x-a: &a {image: $A, links: [one]}\n"
        "x-b: &b {image: $B, links: [two], pid: 'service:three'}\n"
        "services:\n"
        "  it: {<<: [*a, *b], image: own}\n"
        "  <<: {other: {image: x}}\n",
    )
    it = source.services["it"]
    assert list(source.services) == ["it", "other"]
    assert [d.name for d in it.dependencies] == ["one", "three"]
    assert not it.variables
    assert [(v.name, v.key) for v in source.variables] == [("A", "x-a"), ("B", "x-b")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services:\n  a: {}\n  a: {}\n", "compose.yaml:3: the key `a` stands in this mapping"),
        ("services:\n  a: {environment: {A: 1, A: 2}}\n", ":2: the key `A` stands"),
        ("services:\n  a: {<<: {}, <<: {}}\n", ":2: the key `<<` stands"),
        ("services:\n  a: {x-harness: {b: 1, b: 1}}\n", ":2: the key `b` stands"),
        ("services:\n  a: &a {<<: *a}\n", ":2: this mapping merges itself"),
        ("services:\n  a: {<<: 1}\n", ":2: `<<` needs a mapping"),
        ("services:\n  ? [a]\n  : {}\n", ":2: a key must be text"),
        ("services: {a: {}}\n---\n- b\n", ":3: a document of a compose file must be a mapping"),
        ("services:\n  a: {x-harness: &h {b: *h}}\n", ":2: this value contains itself"),
    ],
)
def test_what_compose_refuses_is_refused_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ComposeFileError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)


def test_later_documents_are_laid_on_earlier_ones(tmp_path: Path) -> None:
    source = read(
        tmp_path,
        "services:\n  a: {links: [x]}\n  b: {image: $B}\n---\n"
        "services:\n  a: {links: [y]}\n  b: !reset null\n  c: {}\n",
    )
    assert list(source.services) == ["a", "c"]
    assert [d.name for d in source.services["a"].dependencies] == ["x", "y"]
    assert source.services["a"].location.line == 2
    assert [(v.name, v.service) for v in source.variables] == [("B", "b")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{depends_on: [db, mq]}", ["db", "mq"]),
        ("{depends_on: {db: {condition: service_healthy}}}", ["db"]),
        ("{depends_on: {db: {required: false}}}", ["db?"]),
        ("{depends_on: ['$DB']}", []),
        ("{links: ['db:database', mq]}", ["db", "mq"]),
        ("{volumes_from: ['db:ro', 'container:x', mq]}", ["db", "mq"]),
        ("{network_mode: 'service:db', ipc: 'service:b', pid: 'service:c'}", ["db", "b", "c"]),
        ("{network_mode: host, uts: 'service:db', pid: 'container:x'}", ["db"]),
        ("{links: [db], depends_on: {db: {required: false}}}", ["db?"]),
        ("{depends_on: !reset [db]}", []),
        ("{depends_on: null}", []),
        ("null", []),
    ],
)
def test_dependencies_of_a_service(tmp_path: Path, body: str, expected: list[str]) -> None:
    found = read_service(tmp_path, body).dependencies
    assert [f"{d.name}{'' if d.required else '?'}" for d in found] == expected


def test_a_dependency_knows_its_line(tmp_path: Path) -> None:
    it = read_service(tmp_path, "\n    depends_on:\n      - a\n      - b")
    assert [d.location.line for d in it.dependencies] == [4, 5]


def test_harness_values_follow_the_core_schema(tmp_path: Path) -> None:
    it = read_service(
        tmp_path,
        "\n    x-harness: {on: yes, a: true, b: ~, c: 017, d: 0o17, e: 0x1f, f: 1e3, g: .5, "
        "h: 12:30, i: 2001-01-01, j: '1', k: 1_000, l: [1, {m: No}], n: , o: -.inf, "
        "p: !!str 1, q: !!int '2', r: '$X'}",
    )
    assert it.harness == {
        "on": "yes",
        "a": True,
        "b": None,
        "c": 17,
        "d": 15,
        "e": 31,
        "f": 1000.0,
        "g": 0.5,
        "h": "12:30",
        "i": "2001-01-01",
        "j": "1",
        "k": "1_000",
        "l": [1, {"m": "No"}],
        "n": None,
        "o": float("-inf"),
        "p": "1",
        "q": 2,
        "r": "$X",
    }
    assert it.harness_location is not None
    assert it.harness_location.line == 3
    assert not it.variables


def test_a_service_without_harness_keys_has_an_empty_mapping(tmp_path: Path) -> None:
    assert read_service(tmp_path, "{}").harness_location is None
    assert read_service(tmp_path, "{x-harness: }").harness == {}


def test_harness_keys_must_be_a_mapping(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r":2: `x-harness` of service 'it' must be a mapping"):
        read_service(tmp_path, "{x-harness: fresh}")


def test_variables_know_their_service_key_and_line(tmp_path: Path) -> None:
    source = read(
        tmp_path,
        "name: ${NAME:-x}\n"
        "services:\n"
        "  db:\n"
        '    image: "db:${TAG:?}"\n'
        "    environment:\n"
        "      $KEY: x\n"
        "      A: ${A:-${B}}\n"
        "    command: |\n"
        "      run\n"
        "      $TEXT\n"
        '    ports: !reset ["$GONE"]\n'
        "networks: {n: {name: $NET}}\n"
        "x-harness: $NO\n",
    )
    inside = source.services["db"].variables
    assert [(v.name, v.service, v.key, v.default, v.required) for v in inside] == [
        ("TAG", "db", "image", False, True),
        ("A", "db", "environment", True, False),
        ("B", "db", "environment", True, False),
        ("TEXT", "db", "command", False, False),
    ]
    assert [v.location.line for v in inside] == [4, 7, 7, 8]
    assert [(v.name, v.service, v.key) for v in source.variables] == [
        ("NAME", None, "name"),
        ("NET", None, "networks"),
    ]


def test_an_anchor_that_holds_itself_is_read_once(tmp_path: Path) -> None:
    assert [v.name for v in read_service(tmp_path, "{labels: &l ['$A', *l]}").variables] == ["A"]


def test_a_location_reads_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = read_service(tmp_path, "{}").location
    assert str(location) == f"{tmp_path}/compose.yaml:2"
    monkeypatch.chdir(tmp_path)
    assert str(location) == "compose.yaml:2"
