"""Whole runs of pytest with services swapped: the example, one that is killed, attached ones."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engine.lab import labelled, pytest_run
from tests.eventually import eventually
from tests.process.programs import running_in
from tests.swap.lab import SwapLab

ROOT = Path(__file__).parents[2]
COMPOSE = """
back: *echo
mid:
  image: nobody.example/has-it
  depends_on: [back]
  environment: {BACK_URL: "http://back:8080/x", BACK_TOKEN: "to be seen"}
  ports: ["7415"]
  x-harness: {process: {command: [./echo]}}
top:
  image: debian:bookworm-slim
  init: true
  command: [sleep, infinity]
  depends_on: [mid]
"""
WAITS = """
import pathlib, time

def test_waits(top):
    draft = pathlib.Path("draft")
    draft.write_text("here")
    draft.rename("reached")
    time.sleep(600)
"""
ASKS = """
import pytest, socket

@pytest.mark.parametrize("number", range(2))
def test_asks(top, mid, back, number):
    with socket.create_connection((mid.host, mid.port), timeout=10) as link:
        link.sendall(b"hello\\n")
        assert link.recv(9) == b"hello\\n"
    print("ports", mid.port, back.port)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    SwapLab(tmp_path).services(COMPOSE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def left(folder: Path) -> list[str]:
    """Return what runs have left: processes, their records, containers and networks."""
    records = [*(folder / "tmp").glob("pytest-compose-harness-*/lease-*")]
    runs = [file.read_text() for file in folder.glob("run-*")]
    things = [name for run in runs for name in labelled(f"pytest-compose-harness.run={run}")]
    return [*map(str, records), *map(str, running_in(folder)), *things]


@contextmanager
def running(folder: Path, *args: str) -> Iterator[subprocess.Popen[str]]:
    (folder / "tmp").mkdir(exist_ok=True)
    (folder / "conftest.py").write_text(
        "import pathlib\n"
        "def pytest_runtest_setup(item):\n"
        "    from harness.plugin import SESSION\n"
        "    run = item.config.stash[SESSION].run.id\n"
        "    pathlib.Path(f'run-{run}').write_text(run)\n"
    )
    with pytest_run(folder, *args, TMPDIR=str(folder / "tmp")) as run:
        yield run


def test_the_example_does_not_notice_that_a_service_is_a_process() -> None:
    shop = "tests/integration/test_shop.py"
    with pytest_run(ROOT, "--harness-local=catalog", "--harness-isolation=reset", shop) as run:
        out, _ = run.communicate(timeout=300)

    assert run.returncode == 0, out


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_is_ended_leaves_nothing(project: Path, number: signal.Signals) -> None:
    (project / "test_it.py").write_text(WAITS)

    with running(project, "--harness-local=mid") as run:
        eventually((project / "reached").exists, timeout=60)
        assert len(running_in(project)) > 1
        run.send_signal(number)
        run.communicate(timeout=60)

    assert eventually(lambda: left(project), until=lambda found: not found) == []


def test_a_failing_test_is_told_of_a_process_as_of_a_container(project: Path) -> None:
    (project / "test_it.py").write_text("def test_it(top, mid): assert mid is top\n")

    with running(project, "--harness-local=mid") as run:
        out, _ = run.communicate(timeout=60)

    assert "harness: as local processes: mid" in out
    assert re.search(r" mid \| listening on \d+$", out, re.MULTILINE)
    assert re.search(r"^mid +running, .*echo, 7415/tcp -> 127\.0\.0\.1:\d+", out, re.MULTILINE)
    assert "somebody else" not in out


class Reader:
    """Reads what a run writes while it goes on."""

    def __init__(self, run: subprocess.Popen[str]) -> None:
        self.text = ""
        self._run = run
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self._run.stdout is not None
        for line in self._run.stdout:
            self.text += line

    def end(self) -> str:
        self._run.wait(60)
        self._thread.join(60)
        return self.text


def asked(reader: Reader) -> dict[str, str]:
    """Return the variables that a run has asked for, as a shell would read them."""
    text = eventually(lambda: reader.text, until=lambda t: "waiting until it answers" in t)
    lines = re.findall(r"^export (.*)$", text, re.MULTILINE)
    return dict(shlex.split(line)[0].split("=", 1) for line in lines)


@pytest.mark.parametrize("engine", ["docker", "process"])
def test_a_run_waits_for_the_process_that_it_has_asked_for(project: Path, engine: str) -> None:
    (project / "test_it.py").write_text(ASKS)
    if engine == "process":
        (project / "compose/app.yml").write_text(
            (project / "compose/app.yml")
            .read_text()
            .replace("back: *echo", 'back: {ports: ["8080"], x-harness: {process: "./echo"}}')
            .replace('process: "./echo"', "process: {command: [./echo]}")
            .replace(
                "  depends_on: [mid]",
                "  depends_on: [mid]\n    x-harness: {process: {command: [sleep, '600']}}",
            )
        )

    with running(project, f"--harness-engine={engine}", "--harness-attach=mid", "-qrP") as run:
        reader = Reader(run)
        variables = asked(reader)
        assert run.poll() is None
        with subprocess.Popen([project / "compose/echo"], env={**os.environ, **variables}) as own:
            out = reader.end()
            own.kill()

    assert "2 passed" in out
    assert out.count("harness: start mid now, with this environment:") == 1
    assert variables["BACK_TOKEN"] == "to be seen"
    back = variables["BACK_URL"].removeprefix("http://127.0.0.1:").removesuffix("/x")
    assert re.findall(r"ports (\d+) (\d+)", out) == [(variables["PORT"], back)] * 2
    assert eventually(lambda: left(project), until=lambda found: not found) == []


def test_whoever_waits_for_it_no_longer_ends_the_run(project: Path) -> None:
    (project / "test_it.py").write_text(ASKS)

    with running(project, "--harness-attach=mid") as run:
        reader = Reader(run)
        asked(reader)
        run.send_signal(signal.SIGINT)
        out = reader.end()

    assert "harness: started by you: mid" in out
    assert "KeyboardInterrupt" in out
    assert run.returncode == 2
    assert eventually(lambda: left(project), until=lambda found: not found) == []


def test_variables_of_one_test_are_refused_for_what_is_attached(project: Path) -> None:
    (project / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.services('back', env={'A': '1'})\n"
        "@pytest.mark.mid\n"
        "def test_it(): ...\n"
    )

    with running(project, "--harness-attach=mid") as run:
        out, _ = run.communicate(timeout=60)

    assert "env is given to service 'back', and what is attached (mid) lives for" in out
