"""The clock inside of a measured pytest: a plugin that is copied into each generated project.

It runs beside any contestant, in an environment of its own, so it knows pytest and nothing else.
It notes when collection had ended (before that, no test's work has begun), when each test's set-up
began, and its body began and ended; and at the very end writes it all as JSON. The clock is
``perf_counter``, on Linux and macOS one clock for all processes of a machine.
"""

from __future__ import annotations

import http.client
import importlib
import json
import os
import pkgutil
import socket
import sys
import time
import urllib.parse
from collections.abc import Generator
from pathlib import Path

import pytest

NOTES: list[tuple[str, str, float]] = []
_current = ""


def note(what: str) -> None:
    """Note that something happens now to the test that runs."""
    NOTES.append((what, _current, time.perf_counter()))


def body() -> None:
    """Note that a test's body begins."""
    note("body")


def end() -> None:
    """Note that a test's body has ended."""
    note("end")


def _import_first(names: list[str]) -> None:
    """Import modules, ``package.*`` with all below it: imports are nobody's work."""
    for name in names:
        package = importlib.import_module(name.removesuffix(".*"))
        if name.endswith(".*"):
            for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
                importlib.import_module(found.name)


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Import what the contestant will import."""
    _import_first([name for name in os.environ.get("BENCH_IMPORT", "").split(",") if name])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_finish() -> Generator[None, None, None]:
    """Note the end of collection before any other plugin hears of it."""
    note("collected")
    yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Note the begin of a test before any other plugin's part in its set-up."""
    global _current
    _current = item.nodeid
    note("setup")
    yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish() -> Generator[None, None, None]:
    """Note the end of the session after all others have cleaned up."""
    global _current
    _current = ""
    yield
    if os.environ.get("BENCH_LABEL") and _nothing_left(os.environ["BENCH_LABEL"]):
        note("removed")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Write what was noted, in a file of this process."""
    if folder := os.environ.get("BENCH_TIMES"):
        written = {"notes": NOTES, "peak_mb": peak_mb()}
        Path(folder, f"{os.getpid()}.json").write_text(json.dumps(written))


def peak_mb() -> float:
    """Return the most memory that this process had, in MB.

    ``ru_maxrss`` of a new process begins with what its parent had; ``VmHWM`` does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


class _Engine(http.client.HTTPConnection):
    """A connection to the engine's socket; the measured environment may have no Docker SDK."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def _nothing_left(label: str) -> bool:
    """Whether no container and no network with a label is left, as far as one can tell here."""
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not host.startswith("unix://"):
        return False
    filters = urllib.parse.quote(json.dumps({"label": [label]}))
    connection = _Engine(host.removeprefix("unix://"))
    try:
        for path in (f"/containers/json?all=1&filters={filters}", f"/networks?filters={filters}"):
            connection.request("GET", path)
            if json.loads(connection.getresponse().read()):
                return False
    except OSError:
        return False
    finally:
        connection.close()
    return True
