from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import ComposeFileError, DuplicateServiceError
from harness.source import Source, discover

if TYPE_CHECKING:
    from collections.abc import Mapping


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def found(root: Path, files: Mapping[str, str], *explicit: str) -> Source:
    write(root, files)
    source = discover(root, [Path(path) for path in explicit])
    assert source is not None
    return source


def files_of(source: Source) -> list[str]:
    return [str(f.relative_to(source.root)) for group in source.groups for f in group.files]


def service(name: str, more: str = "") -> str:
    return f"services:\n  {name}:\n    image: {name}\n{more}"


PROMETHEUS = "global:\n  scrape_interval: 5s\nscrape_configs: []\n"


def test_no_compose_file_is_no_source(tmp_path: Path) -> None:
    assert discover(tmp_path) is None
    (tmp_path / "compose").mkdir()
    assert discover(tmp_path) is None


def test_a_project_without_compose_files_does_not_import_yaml(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from harness.source import discover;"
        "assert discover(Path(sys.argv[1])) is None; assert 'yaml' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def test_every_compose_file_of_the_folder_counts_by_name(tmp_path: Path) -> None:
    source = found(
        tmp_path,
        {
            "compose/web.yaml": service("web"),
            "compose/db.yml": service("db"),
            "compose/deeper/no.yml": service("no"),
            "compose/.#db.yml": "[",
            "compose.yaml": service("ignored"),
        },
    )
    assert files_of(source) == ["compose/db.yml", "compose/web.yaml"]
    assert list(source.services) == ["db", "web"]
    assert source.groups[0].directory == tmp_path / "compose"
    assert source.services["db"].location.line == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (PROMETHEUS, "it has no top-level key of a compose file"),
        ("name: x\nversion: '3'\nx-a: 1\n", "it has no top-level key of a compose file"),
        ("_format_version: '3.0'\nservices:\n- name: a\n", "it has no top-level key"),
        ("- a\n", "it is no mapping"),
        ("# nothing\n", "it is empty"),
    ],
)
def test_other_yaml_in_the_folder_is_left_out(tmp_path: Path, text: str, reason: str) -> None:
    source = found(tmp_path, {"compose/db.yml": service("db"), "compose/other.yml": text})
    assert files_of(source) == ["compose/db.yml"]
    ((path, said),) = source.left_out
    assert path.name == "other.yml"
    assert reason in said


def test_a_folder_without_compose_files_falls_back_to_the_root(tmp_path: Path) -> None:
    source = found(tmp_path, {"compose/p.yml": PROMETHEUS, "docker-compose.yml": service("db")})
    assert files_of(source) == ["docker-compose.yml"]
    assert [path.name for path, _ in source.left_out] == ["p.yml"]


def test_the_root_has_one_file_and_one_override_in_composes_order(tmp_path: Path) -> None:
    source = found(
        tmp_path,
        {
            "docker-compose.yml": service("old"),
            "compose.yml": service("db"),
            "docker-compose.override.yml": service("no"),
            "compose.override.yaml": "services: {db: {x-harness: {isolation: fresh}}}",
        },
    )
    assert files_of(source) == ["compose.yml", "compose.override.yaml"]
    assert source.services["db"].harness == {"isolation": "fresh"}


def test_composes_override_overrides_any_default_name(tmp_path: Path) -> None:
    source = found(
        tmp_path,
        {"docker-compose.yml": service("db"), "compose.override.yml": service("db")},
    )
    assert files_of(source) == ["docker-compose.yml", "compose.override.yml"]


def test_an_override_follows_its_base(tmp_path: Path) -> None:
    source = found(
        tmp_path,
        {
            "compose/a.override.yaml": service("a"),
            "compose/a.yml": service("a"),
            "compose/a-b.yml": service("ab"),
            "compose/lonely.override.yml": service("lonely"),
        },
    )
    assert files_of(source) == [
        f"compose/{name}" for name in ("a-b.yml", "a.yml", "a.override.yaml", "lonely.override.yml")
    ]
    assert source.services["a"].location.file.name == "a.yml"


def test_a_service_defined_twice_is_refused_with_both_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"compose/a.yml": service("db"), "compose/b.yml": "\n" + service("db")})
    with pytest.raises(DuplicateServiceError) as caught:
        discover(tmp_path)
    assert str(caught.value) == (
        "Service 'db' is defined twice: compose/a.yml:2 and compose/b.yml:3. Rename or remove "
        "one of them; if the second is to change the first, call its file a.override.yml."
    )


def test_files_without_any_service_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"compose/net.yml": "networks: {a: {}}", "compose/e.yml": "services: {}"})
    with pytest.raises(ComposeFileError) as caught:
        discover(tmp_path)
    assert "No service is defined in compose/e.yml, compose/net.yml." in str(caught.value)
    assert "must contain a `services:` mapping" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"services:\n  a: [\n", "compose/x.yml:3:1: invalid YAML: while parsing a flow node, "),
        (b"services:\n\ta: 1\n", "compose/x.yml:2:1: invalid YAML: "),
        (b"services:\n\ta: 1\n", "replace the tab"),
        (b"services:\n  a: *b\n", "compose/x.yml:2:6: invalid YAML: found undefined alias"),
        (b"services:\n  a: {image: \xe9}\n", "compose/x.yml:2: the compose file is not UTF-8"),
        (b"services:\n  a: \x01\n", "compose/x.yml: invalid YAML: "),
    ],
)
def test_a_broken_file_is_named_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose").mkdir()
    (tmp_path / "compose/x.yml").write_bytes(content)
    with pytest.raises(ComposeFileError) as caught:
        discover(tmp_path)
    assert message in str(caught.value)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "compose").mkdir()
    (tmp_path / "compose/gone.yml").symlink_to(tmp_path / "nowhere.yml")
    with pytest.raises(ComposeFileError, match=r"Cannot read .*gone\.yml: No such file"):
        discover(tmp_path)


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    assert "db" in found(tmp_path, {"compose/db.yml": "\ufeff" + service("db")}).services


def test_explicit_files_and_folders_make_a_group_for_each_folder(tmp_path: Path) -> None:
    source = found(
        tmp_path,
        {
            "one/b.yml": service("b"),
            "one/a.yml": service("a"),
            "two/compose.yaml": service("c"),
            "two/prometheus.yml": PROMETHEUS,
            "one/.env": "",
            ".env": "",
            "compose/ignored.yml": service("ignored"),
        },
        "one/b.yml",
        "two",
        "one/a.yml",
        "one/../one/b.yml",
    )
    assert files_of(source) == ["one/b.yml", "one/a.yml", "two/compose.yaml"]
    first, second = source.groups
    assert first.env_files == (tmp_path / ".env", tmp_path / "one/.env")
    assert second.env_files == (tmp_path / ".env",)
    assert [path.name for path, _ in source.left_out] == ["prometheus.yml"]


def test_an_env_file_counts_once(tmp_path: Path) -> None:
    source = found(tmp_path, {"compose.yaml": service("a"), ".env": ""})
    assert source.groups[0].env_files == (tmp_path / ".env",)


@pytest.mark.parametrize(
    ("explicit", "message"),
    [
        ("missing.yml", "There is no compose file or folder 'missing.yml'"),
        ("p/prometheus.yml", "is no compose file: it has no top-level key"),
        ("empty.yml", "is no compose file: it is empty"),
        ("p", "There is no compose file in 'p'"),
        ("p", "prometheus.yml: it has no top-level key"),
        ("list.yml", "is no compose file: it is no mapping"),
    ],
)
def test_an_explicit_path_must_be_a_compose_file(
    tmp_path: Path, explicit: str, message: str
) -> None:
    write(tmp_path, {"p/prometheus.yml": PROMETHEUS, "empty.yml": "", "list.yml": "[a]"})
    with pytest.raises(ComposeFileError) as caught:
        discover(tmp_path, [Path(explicit)])
    assert message in str(caught.value)
