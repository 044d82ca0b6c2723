"""The scripts that bring up an engine say what is wrong, and kill no stranger."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ENGINE = Path(__file__).parents[2] / ".ci" / "engine"


def engine(verb: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `.ci/engine VERB` with this directory for its pid file and log."""
    settings = {"HARNESS_ENGINE_DIR": str(directory), "VENV_PYTHON": sys.executable}
    return subprocess.run(
        [ENGINE, verb],
        env=os.environ | settings | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def process(directory: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, whose pid stands in the engine's pid file."""
    sleep = [sys.executable, "-c", "import time; time.sleep(60)", *arguments]
    with subprocess.Popen(sleep) as running:
        (directory / "dockerd.pid").write_text(f"{running.pid}\n")
        try:
            yield running
        finally:
            running.kill()


def test_a_docker_host_that_does_not_answer_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    host = f"unix://{tmp_path}/nowhere.sock"
    result = engine("ensure", tmp_path / "engine", DOCKER_HOST=host)
    assert result.returncode == 1
    assert "wanted: a Docker engine that answers" in result.stderr
    assert f"found:  {host}: No such file or directory" in result.stderr
    assert "unset DOCKER_HOST" in result.stderr
    assert not (tmp_path / "engine").exists()


def test_stop_ends_the_engine_that_was_started_here(tmp_path: Path) -> None:
    with process(tmp_path, f"--pidfile={tmp_path}/dockerd.pid") as ours:
        assert engine("started", tmp_path).returncode == 0
        result = engine("stop", tmp_path)
        assert result.returncode == 0
        assert f"stopped the engine (pid {ours.pid})" in result.stderr
        assert ours.wait(timeout=1) != 0
    assert engine("started", tmp_path).returncode == 1


def test_stop_spares_a_stranger_that_got_the_pid(tmp_path: Path) -> None:
    with process(tmp_path, "--pidfile=/run/docker.pid") as stranger:
        result = engine("stop", tmp_path)
        assert result.returncode == 0
        assert "no engine of this checkout is running" in result.stderr
        assert stranger.poll() is None
