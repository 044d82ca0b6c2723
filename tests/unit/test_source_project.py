from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import DuplicateServiceError
from harness.source import Source, discover

if TYPE_CHECKING:
    from collections.abc import Mapping


def found(root: Path, files: Mapping[str, str], *explicit: str) -> Source:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    source = discover(root, [Path(path) for path in explicit])
    assert source is not None
    return source


def places(source: Source) -> dict[str, str]:
    return {
        name: str(service.location.file.relative_to(source.root))
        for name, service in source.services.items()
    }


def own_files(source: Source) -> list[str]:
    return [file.name for group in source.groups for file in group.files]


def depends(source: Source, service: str) -> list[str]:
    return [dependency.name for dependency in source.services[service].dependencies]


def test_an_override_merges_as_compose_merges(tmp_path: Path) -> None:
    source = found(
        tmp_path,
        {
            "compose/a.yml": (
                "services:\n"
                "  a:\n"
                "    image: $ONE\n"
                "    depends_on: [x, y, z]\n"
                "    links: [m]\n"
                "    network_mode: service:n\n"
                "    x-harness: {a: 1, deep: {b: 1, c: 1}, list: [1], gone: 1, whole: {d: 1}}\n"
                "  x: {image: $X}\n"
            ),
            "compose/a.override.yml": (
                "services:\n"
                "  a:\n"
                "    image: $TWO\n"
                "    depends_on: {y: !reset null, z: {required: false}, w: {}}\n"
                "    links: !override [o]\n"
                "    network_mode: bridge\n"
                "    x-harness: {deep: {b: 2}, list: [2],\n"
                "      gone: !reset 1, whole: !override {e: 1}}\n"
                "  x: !reset null\n"
            ),
        },
    )
    assert list(source.services) == ["a"]
    a = source.services["a"]
    assert [(d.name, d.required) for d in a.dependencies] == [
        ("x", True),
        ("z", False),
        ("w", True),
        ("o", True),
    ]
    assert [v.name for v in a.variables] == ["ONE", "TWO"]
    assert a.harness == {"a": 1, "deep": {"b": 2, "c": 1}, "list": [1, 2], "whole": {"e": 1}}
    assert (a.location.file.name, a.location.line) == ("a.yml", 2)
    assert a.harness_location is not None
    assert a.harness_location.file.name == "a.override.yml"
    assert [v.name for v in source.variables] == ["X"]


def test_an_override_can_replace_a_service_or_all_of_them(tmp_path: Path) -> None:
    base = "services: {a: {links: [x], x-harness: {k: 1}}, b: {}}"
    replaced = "services: {a: !override {links: [y]}}"
    source = found(tmp_path, {"compose/a.yml": base, "compose/a.override.yml": replaced})
    assert depends(source, "a") == ["y"]
    assert source.services["a"].harness == {}
    source = found(tmp_path, {"compose/a.override.yml": "services: !override {c: {}}"})
    assert list(source.services) == ["c"]


def test_included_services_belong_to_the_project(tmp_path: Path) -> None:
    source = found(
        tmp_path,
        {
            "compose/main.yml": (
                "include:\n"
                "  - sub/a.yml\n"
                "  - path: [sub/b.yml, sub/b.more.yml]\n"
                "    project_directory: ../elsewhere\n"
                "services: {main: {}}\n"
            ),
            "compose/sub/a.yml": "include: [deep/d.yml]\nservices: {a: {image: $A}}\n",
            "compose/sub/deep/d.yml": "services: {d: {}}\nname: $D\n",
            "compose/sub/b.yml": "include: [x/e.yml]\nservices: {b: {}}\n",
            "compose/sub/b.more.yml": "services: {b: {links: [a]}}\n",
            "compose/sub/x/e.yml": "services: {wrong: {}}\n",
            "elsewhere/x/e.yml": "services: {e: {}}\n",
        },
    )
    assert places(source) == {
        "d": "compose/sub/deep/d.yml",
        "a": "compose/sub/a.yml",
        "e": "elsewhere/x/e.yml",
        "b": "compose/sub/b.yml",
        "main": "compose/main.yml",
    }
    assert depends(source, "b") == ["a"]
    assert [v.name for v in source.variables] == ["D"]
    assert own_files(source) == ["main.yml"]


def test_an_included_file_of_the_folder_is_none_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = found(
        tmp_path,
        {
            "compose/a.yml": "services: {a: {}}",
            "compose/a.override.yml": "services: {a: {}}",
            "compose/base.yml": "services: {base: {}}",
            "compose/main.yml": (
                "include: [a.yml]\nservices:\n  main: {extends: {file: base.yml, service: base}}\n"
            ),
        },
    )
    assert own_files(source) == ["main.yml"]
    assert list(source.services) == ["a", "main"]
    assert {path.name: reason for path, reason in source.left_out} == {
        "a.yml": "it is included by compose/main.yml:1",
        "base.yml": "it is extended by compose/main.yml:3",
        "a.override.yml": "it overrides a.yml, and it is included by compose/main.yml:1",
    }


def test_an_override_may_include_its_base(tmp_path: Path) -> None:
    source = found(
        tmp_path,
        {
            "compose/a.yml": "services: {a: {}}",
            "compose/a.override.yml": "include: [a.yml]\nservices: {b: {}}",
        },
    )
    assert own_files(source) == ["a.override.yml"]
    assert list(source.services) == ["a", "b"]


def test_a_file_named_explicitly_counts_although_it_is_included(tmp_path: Path) -> None:
    files = {"a.yml": "services: {a: {}}", "b.yml": "include: [a.yml]\nservices: {b: {}}"}
    source = found(tmp_path, files, "a.yml", "b.yml")
    assert own_files(source) == ["a.yml", "b.yml"]
    assert list(source.services) == ["a", "b"]


def test_files_that_include_each_other_leave_the_first(tmp_path: Path) -> None:
    source = found(
        tmp_path,
        {
            "compose/a.yml": "include: [b.yml]\nservices: {a: {}}",
            "compose/b.yml": "include: [a.yml, b.yml]\nservices: {b: {}}",
        },
    )
    assert own_files(source) == ["a.yml"]
    assert sorted(source.services) == ["a", "b"]


def test_a_file_included_twice_is_no_duplicate(tmp_path: Path) -> None:
    source = found(
        tmp_path,
        {
            "compose/a.yml": "include: [../shared/s.yml]\nservices: {a: {}}",
            "compose/b.yml": "include: [../shared/s.yml]\nservices: {b: {}}",
            "shared/s.yml": "services: {s: {}}\nname: $S",
        },
    )
    assert list(source.services) == ["s", "a", "b"]
    assert len(source.variables) == 1


def test_two_included_files_cannot_define_one_service(tmp_path: Path) -> None:
    with pytest.raises(DuplicateServiceError, match=r"s\.yml:1 and .*t\.yml:1\. Rename"):
        found(
            tmp_path,
            {
                "compose/a.yml": "include: [../x/s.yml, ../y/t.yml]\n",
                "x/s.yml": "services: {s: {}}",
                "y/t.yml": "services: {s: {}}",
            },
        )


@pytest.mark.parametrize(
    "include",
    [
        "missing.yml",
        "${DIR}/x.yml",
        "oci://docker.io/me/x",
        "https://github.com/me/x.git",
        "folder",
    ],
)
def test_an_include_that_only_compose_can_follow_is_skipped(tmp_path: Path, include: str) -> None:
    (tmp_path / "compose/folder").mkdir(parents=True)
    source = found(tmp_path, {"compose/a.yml": f"include: ['{include}']\nservices: {{a: {{}}}}"})
    assert list(source.services) == ["a"]
    assert not source.complete
    source = found(tmp_path, {"compose/a.yml": f"include: ['{include}']"})
    assert not source.services
    assert source.group_of("a") is source.groups[0]


def test_a_value_that_a_later_file_replaces_is_marked(tmp_path: Path) -> None:
    source = found(
        tmp_path,
        {
            "compose/a.yml": (
                "services:\n"
                "  a:\n"
                "    image: $A\n"
                "    build: {context: $B, args: {X: $C, Y: $D}}\n"
                "    command: [$E]\n"
                "    ports: [$F]\n"
                "    dns: $G\n"
                "    tmpfs: [$H]\n"
                "    healthcheck: {test: [CMD, $I], interval: $J}\n"
                "  b: {extends: a, image: $K}\n"
                "  c: {image: $L, user: $M}\n"
            ),
            "compose/a.override.yml": (
                "services:\n"
                "  a:\n"
                "    image: $N\n"
                "    build: .\n"
                "    command: x\n"
                "    ports: ['1']\n"
                "    dns: 1.1.1.1\n"
                "    tmpfs: !override [/x]\n"
                "    healthcheck: {test: x}\n"
                "  b: {user: }\n"
                "  c: !override {image: x}\n"
            ),
        },
    )
    assert source.complete
    replaced = {
        name: "".join(v.name for v in service.variables if v.replaced)
        for name, service in source.services.items()
    }
    assert replaced == {"a": "ABEHI", "b": "A", "c": "LM"}
    (context,) = (v for v in source.services["a"].variables if v.name == "C")
    assert (context.key, context.path) == ("build", ("build", "args", "X"))


def test_a_service_inherits_what_it_extends(tmp_path: Path) -> None:
    source = found(
        tmp_path,
        {
            "compose.yaml": (
                "services:\n"
                "  it:\n"
                "    extends: {file: c/base.yml, service: base}\n"
                "    x-harness: {b: 2}\n"
                "  sibling: {extends: it}\n"
            ),
            "c/base.yml": (
                "services:\n"
                "  base:\n"
                "    extends: {file: d/root.yml, service: root}\n"
                "    image: $IMAGE\n"
                "    x-harness: {a: 1, b: 1}\n"
                "    depends_on: [db]\n"
                "  other: {image: '${OTHER:?}'}\n"
                "x-top: $TOP\n"
            ),
            "c/d/root.yml": "services: {root: {links: [mq]}}\n",
        },
    )
    assert places(source) == {"it": "compose.yaml", "sibling": "compose.yaml"}
    for name in ("it", "sibling"):
        service = source.services[name]
        assert service.harness == {"a": 1, "b": 2}
        assert depends(source, name) == ["db", "mq"]
        assert [(v.name, v.service) for v in service.variables] == [("IMAGE", name)]
    assert source.services["sibling"].location.line == 5
    assert [(v.name, v.service) for v in source.variables] == [
        ("TOP", None),
        ("OTHER", f"other ({tmp_path}/c/base.yml)"),
    ]


def test_services_that_extend_each_other_are_left_to_compose(tmp_path: Path) -> None:
    source = found(
        tmp_path,
        {"compose.yaml": "services: {a: {extends: b}, b: {extends: a}, c: {extends: gone}}"},
    )
    assert list(source.services) == ["a", "b", "c"]
