"""Compose files and marker arguments that are wrong in ways that nobody listed."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

IMAGE = "debian:bookworm-slim"
ODD_NAMES = ["a.b", "A", "-", "", " ", "on", "1", "1.0", "ünï", "a\nb", "import", "x" * 300, "a/b"]
ODD_NAMES += [
    "a b",
    "'",
    '"',
    "{",
    "${X}",
    "<<",
    "!reset",
    "~",
    "null",
    "\ud800",
    "\x00",
    "_",
    "..",
    "request",
]
names = st.sampled_from(["app", "db", "web", *ODD_NAMES]) | st.text(max_size=5)
TEXTS = ["${X", "${X:-}", "${X:?no}", "$", "$$", "service:db", "container:x", "1s", "-1s"]
TEXTS += ["9" * 400, "1e999", "true", "shared", "none", "80:80", "99999", "a:b:c", "../..", "/"]
TEXTS += ["https://x/y.yml", "(", "é" * 9, "\t", "*", "a=b", "=", "\ud800\udc00", "0x" + "f" * 5000]
texts = st.sampled_from(TEXTS)
scalars = (
    st.none()
    | st.booleans()
    | st.sampled_from([0, -1, 10**30, 2**63, 10**400, 0.5, float("inf"), float("nan")])
    | names
    | texts
)


def _deep(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
) | st.sampled_from([30, 300]).map(_deep)
READY: Sequence[Any] = [
    {"timeout": "2s"},
    {"tcp": [80]},
    {"log": {"pattern": "x", "count": 1}},
    [{"http": {"path": "/", "port": 80, "status": [200]}}, {"exec": ["true"]}],
    {"exit": 0},
]


# The keys that Compose and the harness know, with values that one of the two may trip over.
_ODD = yaml.safe_load(Path(__file__).with_name("odd_values.yml").read_text())
SERVICE_KEYS: dict[str, list[Any]] = _ODD["service"]
HARNESS_KEYS: dict[str, list[Any]] = _ODD["harness"]


def _service(image: str, ready: Any) -> dict[str, Any]:
    return {
        "image": image,
        "command": ["sleep", "infinity"],
        "environment": {"A": "${A:-1}"},
        "ports": ["80", {"target": 81}],
        "volumes": ["data:/data"],
        "networks": {"default": None},
        "healthcheck": {"test": ["CMD", "true"], "interval": "1s"},
        "x-harness": {"ready": ready, "isolation": "fresh", "stop": "kill", "fixed": False},
        "labels": ["a=b"],
    }


def _project(ready: Any) -> dict[str, Any]:
    app = {**_service(IMAGE, ready), "depends_on": {"db": {"condition": "service_started"}}}
    return {
        "services": {
            "app": app,
            "db": _service(IMAGE, {"timeout": "2s"}),
            "web": {"image": IMAGE, "depends_on": ["app"], "links": ["db:store"]},
        },
        "volumes": {"data": {"x-harness": {"fixed": False}}},
        "networks": {"default": {"labels": {"a": "b"}}},
    }


@st.composite
def spoilt(draw: st.DrawFn, right: dict[str, Any], most: int) -> dict[str, Any]:
    """Return a compose document of which something was changed, in so many places at most."""
    document = copy.deepcopy(right)
    for _ in range(draw(st.integers(1, most))):
        _spoil(draw, document)
    return document


def projects(most: int = 4) -> st.SearchStrategy[dict[str, Any]]:
    """Return compose documents that were right, before something of them was changed."""
    return st.sampled_from(READY).flatmap(lambda ready: spoilt(_project(ready), most))


def _spoil(draw: st.DrawFn, document: dict[str, Any]) -> None:
    """Change, remove or add something at any depth; mostly what gets through to Compose."""
    services = document.get("services")
    bodies = [*services.values()] if isinstance(services, dict) else []
    mappings = [body for body in bodies if isinstance(body, dict)]
    if mappings and draw(st.integers(0, 3)) > 0:
        body = draw(st.sampled_from(mappings))
        known = SERVICE_KEYS
        if draw(st.integers(0, 3)) == 0 and isinstance(body.setdefault("x-harness", {}), dict):
            body, known = body["x-harness"], HARNESS_KEYS
        key = draw(st.sampled_from([*known]))
        body[key] = copy.deepcopy(draw(st.sampled_from(known[key])))
        return
    places = [*_places(document)]
    holder, key = draw(st.sampled_from(places)) if places else (document, "services")
    how = draw(st.sampled_from(["change", "remove", "add"]))
    if how == "change":
        holder[key] = draw(values)
    elif how == "remove":
        del holder[key]
    elif isinstance(holder, dict):
        holder[draw(names | st.sampled_from(["x-harness", "include", "x-a", "name"]))] = draw(
            values
        )
    else:
        holder.append(draw(values))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    below: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        below = [(value, key) for key in value]
    elif isinstance(value, list):
        below = [(value, place) for place in range(len(value))]
    for holder, key in below:
        yield holder, key
        yield from _places(holder[key])


# Pieces of YAML that something has been broken by before, somewhere.
ODDITIES = [
    b"",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x00",
    b"---\n",
    b"---\n---\n",
    b"services:\n",
    b"services: []\n",
    b"services: {a: &a {image: x, environment: *a}}\n",
    b"services: &s {a: *s}\n",
    b"services: {a: &a {<<: *a}}\n",
    b"services: {a: {<<: [1]}}\n",
    b"services: {? [a] : b}\n",
    b"services: {? {a: b} : b}\n",
    b"services:\n\ta: b\n",
    b"services: {a: !!python/object/apply:os.system [x]}\n",
    b"services: {a: !reset , b: !override [x]}\n",
    b"services: {a: {x-harness: !reset {a: b}}}\n",
    b"services: {a: {x-harness: {ready: !override {tcp: true}}}}\n",
    b"services: {a: {x-harness: &x {ready: *x}}}\n",
    b"services: {a: !!binary abc}\n",
    b"services: {a: {image: x}, a: {image: y}}\n",
    b"services: {a: null}\n",
    b'services: {"\\ud800": {image: x}}\n',
    b"include: [c.yml]\nservices: {a: {image: x}}\n",
    b"include: [compose/c.yml]\n",
    b"include: [{path: [c.yml, gone.yml], project_directory: ${X}}]\n",
    b"include: {a: b}\n",
    b"include: [[c.yml]]\n",
    b'include: ["\\0"]\n',
    b"services: {a: {extends: {file: gone.yml, service: a}}}\n",
    b"services: {a: {extends: {file: ., service: a}}}\n",
    b'services: {a: {extends: {file: "a\\0b", service: a}}}\n',
    b"services: {a: {extends: b}, b: {extends: a}}\n",
    b"services: {a: {depends_on: [b]}, b: {depends_on: [a]}}\n",
    b"services: {a: {depends_on: [a]}}\n",
    b"services: {a: {depends_on: {a: }}}\n",
    b"services: " + b"[" * 3000 + b"\n",
    b"services: {a: " + b"[" * 500 + b"]" * 500 + b"}\n",
    b"services: {a: {image: " + b"x" * 70000 + b"}}\n",
    b"services: {a: {x-harness: {ready: {timeout: " + b"9" * 5000 + b"}}}}\n",
    b"%YAML 9.9\n---\nservices: {a: {image: x}}\n",
    b"services: {a: {image: ${X:?$(}}}\n",
    b"services: {a: {image: x}}\n...\nservices: {b: 1}\n",
    b"*a\n",
    b"&a\n",
    b"? \n",
    b"- services:\n",
    b"'",
    b"!",
]


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Return a compose file: a spoilt project, an oddity, or both with bytes changed."""
    text = draw(projects().map(written) | st.sampled_from(ODDITIES))
    if draw(st.integers(0, 3)) == 0:
        text += draw(st.sampled_from(ODDITIES))
    if draw(st.integers(0, 3)) == 0:
        place = draw(st.integers(0, max(0, len(text) - 1)))
        piece = draw(
            st.sampled_from([b"\t", b"\n", b":", b"{", b"&a ", b"*a", b"!x ", b"\xff", b"%", b"- "])
        )
        text = text[:place] + piece + text[place:]
    return text


def written(document: Mapping[str, Any]) -> bytes:
    """Return a document as JSON, which is YAML, and of numbers that JSON has none of, theirs."""
    return json.dumps(document).replace("Infinity", ".inf").replace("NaN", ".nan").encode()


FILE_NAMES = ["a.yml", "b.yaml", "c.yml", "a.override.yml", "compose.yml"]
folders = st.dictionaries(st.sampled_from(FILE_NAMES), files(), min_size=1, max_size=3)


def put(root: Path, folder: Mapping[str, bytes]) -> None:
    """Write files into ``root/compose``."""
    (root / "compose").mkdir()
    for name, text in folder.items():
        (root / "compose" / name).write_bytes(text)
