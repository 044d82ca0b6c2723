"""How much later a service from its executable is ready than the executable itself."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bench.bars import Line
from bench.context import Bench
from bench.project import HEAD, write_pytest
from bench.sample import Measured, Sample
from bench.work import Result, Work

_OURS, _BARE = "ProcessService", "Popen and a loop of connects"
_FIRST, _NEXT = "the first of a run", "the next ones"
_LIMIT = 20  # milliseconds
_TESTS = 10

_CONFTEST = """
import os
import socket
import subprocess
import sys
import time
import types

import pytest

ARGS = ["-m", "http.server", "--bind", "127.0.0.1"]

if os.environ.get("BENCH_PLAIN"):
    @pytest.fixture
    def server():
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with subprocess.Popen(
            [sys.executable, *ARGS, str(port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
        ) as process:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.001)
            yield types.SimpleNamespace(host="127.0.0.1", port=port)
            process.kill()
else:
    import harness

    class Server(harness.ProcessService):
        executable_path = sys.executable
        args = (*ARGS, "$PORT")
        port = 0

    @pytest.fixture
    def server():
        with Server() as service:
            yield service
"""
_TEST = f"""

@pytest.mark.parametrize("number", range({_TESTS}))
def test_it(number, server):
    stopwatch.body()
    assert server.port
    stopwatch.end()
"""


def measure(bench: Bench) -> Result:
    """Measure ``python -m http.server``, from the begin of a test's set-up to its body."""
    root = bench.new_project("process-service")
    write_pytest(root, HEAD + _TEST, _CONFTEST)
    contestants = {
        f"{name}, {which}": partial(_sample, bench, root, name, which)
        for which in (_FIRST, _NEXT)
        for name in (_OURS, _BARE)
    }
    measured = bench.alternate(contestants, bench.some(15))
    return Result(measured, tuple(_line(measured, which) for which in (_FIRST, _NEXT)), unit="ms")


def _sample(bench: Bench, root: Path, name: str, which: str) -> Sample:
    run = bench.plain(root) if name == _BARE else bench.harness(root)
    took = [(test.body - test.setup) * 1e3 for test in run.tests]
    return Sample(took[0] if which == _FIRST else sum(took[1:]) / len(took[1:]))


def _line(measured: Measured, which: str) -> Line:
    took = measured.took
    ours, bare = f"{_OURS}, {which}", f"{_BARE}, {which}"
    return Line(
        f"a process service: added to its own time to answer, {which}",
        f"under {_LIMIT} ms",
        _LIMIT,
        took[ours].minus(took[bare]) if {ours, bare} <= took.keys() else None,
        "ms",
        why_not=measured.why(ours, bare),
    )


WORK = Work("process-service", "A service from its executable", measure)
