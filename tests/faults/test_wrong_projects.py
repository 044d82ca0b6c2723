"""Whatever a project holds: pytest runs to its end, says what is wrong, and leaves nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.engine.client import connect
from harness.lease.labels import RUN

from ..generated import examples
from ..wrong_input import IMAGE, ODDITIES, spoilt, written

# what a user sees of the harness when a mistake of his is not told as one
OURS = re.compile(r"INTERNALERROR|Traceback|harness/[\w/]+\.py:\d+|File \".*/harness/")
PATIENCE = 120  # seconds
CONFTEST = """
import pytest

class Hostile:
    def fail(self, *_):
        raise RuntimeError("no")
    __repr__ = __str__ = __eq__ = __bool__ = __len__ = __iter__ = __hash__ = __getitem__ = fail

def pytest_sessionstart(session):
    from harness.plugin import SESSION
    if SESSION in session.config.stash:
        (session.config.rootpath / "run").write_text(session.config.stash[SESSION].run.id)
"""
MARKS = [
    "app",
    "app()",
    "app(1)",
    "app(Hostile())",
    "app(env=Hostile())",
    "app(env={'A': Hostile()})",
    "app(env={'A': 'a\\0b'})",
    "app(env={'A': '\\ud800'})",
    "app(env={'A B': 'x', '': 'y'})",
    "app(env={'A': 10**5000})",
    "app(env={'A': '$' * 3 + '{B'})",
    "app(isolation=Hostile())",
    "app(isolation='shared', env={'A': '1'})",
    "app(**{'a b': 1})",
    "services",
    "services()",
    "services(Hostile())",
    "services('app', Hostile())",
    "services('app', 'web', 'a\\0b')",
    "services('\\ud800')",
    "services(['app'])",
    "services('app', isolation='reset')",
    "services('app', env=[('A', 'B')])",
]
DOCUMENT: dict[str, Any] = {
    "services": {
        "app": {
            "image": IMAGE,
            "init": True,
            "command": ["sleep", "infinity"],
            "environment": {"A": "${A:-1}", "DB_PASSWORD": "correct-horse-battery"},
            "depends_on": {"db": {"condition": "service_started"}},
            "x-harness": {"isolation": "fresh", "ready": {"timeout": "3s"}},
        },
        "db": {
            "image": IMAGE,
            "command": ["sleep", "infinity"],
            "volumes": ["data:/data"],
            "tmpfs": ["/scratch"],
            "networks": {"default": None},
            "healthcheck": {"test": ["CMD", "true"]},
            "configs": [{"source": "text", "target": "/text"}],
            "labels": ["a=b"],
            "x-harness": {"ready": {"timeout": "3s"}},
        },
    },
    "volumes": {"data": {}},
    "networks": {"default": {}},
    "configs": {"text": {"content": "hello"}},
}


@examples(10)
@given(
    spoilt(DOCUMENT, most=1).map(written), st.lists(st.sampled_from(MARKS), min_size=2, max_size=4)
)
@example(written(DOCUMENT), MARKS)
@example(
    b"services: {app: {image: x, x-harness: {ready: {timeout: " + b"9" * 5000 + b"}}}}", ["app"]
)
def test_a_wrong_project_ends_in_messages_and_leaves_nothing(text: bytes, marks: list[str]) -> None:
    run_project(text, marks)


@examples(4)
@given(st.sampled_from(ODDITIES))
def test_an_odd_file_ends_in_a_message_and_leaves_nothing(text: bytes) -> None:
    run_project(text, ["app", "services('a')"])


def run_project(text: bytes, marks: list[str]) -> None:
    with project(text, marks) as (root, environment):
        code, said = run(root, environment)
        shown = f"{text!r}\n{marks}\n{said}"
        assert not OURS.search(said), shown
        assert "correct-horse-battery" not in said, shown
        wanted = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.USAGE_ERROR}
        assert code in wanted, shown
        assert left(root) == [], shown


def run(root: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run pytest to its end; one that does not come to it is interrupted."""
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--harness-timeout=3s"],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            said, _ = process.communicate(timeout=PATIENCE)
        except BaseException:
            process.send_signal(signal.SIGINT)
            process.communicate()
            raise
    return process.returncode, said


@contextmanager
def project(text: bytes, marks: list[str]) -> Iterator[tuple[Path, dict[str, str]]]:
    """Write a project with a compose file, and a test for each mark."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary) / "project"
        (root / "compose").mkdir(parents=True)
        (root / "tmp").mkdir()
        (root / "pytest.ini").write_text("[pytest]\n")
        (root / "compose" / "a.yml").write_bytes(text)
        (root / "conftest.py").write_text(CONFTEST)
        tests = [
            f"@pytest.mark.{mark}\ndef test_{number}(): pass\n" for number, mark in enumerate(marks)
        ]
        (root / "test_it.py").write_text(
            "\n".join(["import pytest", "from conftest import Hostile", *tests])
        )
        yield root, {**os.environ, "TMPDIR": str(root / "tmp")}


def left(root: Path) -> list[str]:
    """Return what a run has left: on the engine, and in the folder for temporary files."""
    shared = f"pytest-compose-harness-{os.getuid()}"  # the locks of a user's processes
    found = [path.name for path in (root / "tmp").iterdir() if path.name != shared]
    if (root / "run").exists():
        label = {"label": [f"{RUN}={(root / 'run').read_text()}"]}
        client, _ = connect()
        try:
            found += [str(c["Names"]) for c in client.containers(all=True, filters=label)]
            found += [str(n["Name"]) for n in client.networks(filters=label)]
            found += [str(v["Name"]) for v in client.volumes(filters=label)["Volumes"] or ()]
        finally:
            client.close()
    return found
