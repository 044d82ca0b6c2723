"""How long a reset delays the next test."""

from __future__ import annotations

import json
import shutil
import statistics
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

from bench.bars import Line
from bench.context import Bench
from bench.project import HEAD, write_pytest
from bench.sample import Measured, Sample
from bench.sweep import LABEL
from bench.work import Result, Work

_REPOSITORY = Path(__file__).parents[2]
_TESTS = 10
_TABLES = 50


@dataclass(frozen=True, slots=True)
class Case:
    """What is reset, and how a test dirties it: a command, and one that finds nothing if clean."""

    name: str
    needs: tuple[str, ...]
    dirtied: str
    write: tuple[str, ...]
    count: tuple[str, ...]
    limit: float


_REDIS = (("redis-cli", "set", "dirt", "1"), ("redis-cli", "exists", "dirt"))
_INSERT = ("psql", "-qAtc", "INSERT INTO {0} DEFAULT VALUES")
_COUNT = ("psql", "-qAtc", "SELECT count(*) FROM {0}")
CASES = (
    Case("Redis", ("redis",), "redis", *_REDIS, 20),
    Case(
        f"Postgres with {_TABLES} tables",
        ("tables",),
        "postgres",
        tuple(word.format("t7") for word in _INSERT),
        tuple(word.format("t7") for word in _COUNT),
        60,
    ),
    Case("the whole shop", ("orders", "mailer"), "redis", *_REDIS, 250),
)


def measure(bench: Bench) -> Result:
    """Measure the time between two tests' bodies, less the same in plain pytest."""
    contestants, roots = {}, {}
    for case in CASES:
        root = roots[case.name] = bench.new_project("reset")
        _write(root, case, bench.run)
        contestants[case.name] = partial(_reset, bench, root)
        contestants[f"{case.name}, plain pytest"] = partial(_plain, bench, root)
    measured = bench.alternate(contestants, bench.some(3))
    return Result(measured, tuple(_line(measured, case) for case in CASES), unit="ms")


def _line(measured: Measured, case: Case) -> Line:
    plain = f"{case.name}, plain pytest"
    took = measured.took
    there = {case.name, plain} <= took.keys()
    return Line(
        f"a reset: {case.name}",
        f"under {case.limit:g} ms",
        case.limit,
        took[case.name].minus(took[plain]) if there else None,
        "ms",
        why_not=measured.why(case.name, plain),
    )


def _reset(bench: Bench, root: Path) -> Sample:
    options = bench.options("reset")
    # the checkout's own root, so that its images are taken
    files = f"--docker-compose={root / 'compose'}"
    run = bench.harness(root, f"--rootdir={_REPOSITORY}", files, *options)
    bench.gone(run)
    return Sample(statistics.median(run.gaps) * 1e3)


def _plain(bench: Bench, root: Path) -> Sample:
    return Sample(statistics.median(bench.plain(root).gaps) * 1e3)


def _write(root: Path, case: Case, run: str) -> None:
    """Write the shop's compose files, labelled, a service that makes tables, and the tests."""
    folder = root / "compose"
    shutil.copytree(_REPOSITORY / "compose", folder)
    for file in folder.glob("*.yml"):
        document = yaml.safe_load(file.read_text())
        for service in document["services"].values():
            service["labels"] = {LABEL: run}
        document["networks"] = {"default": {"labels": {LABEL: run}}}
        for name in document.get("volumes") or ():
            document["volumes"][name] = {"labels": {LABEL: run}}
        file.write_text(json.dumps(document))
    (folder / "tables.yml").write_text(json.dumps({"services": _tables(run)}))
    body = f"""

{"".join(f'@pytest.mark.services("{name}"){chr(10)}' for name in case.needs)}
@pytest.mark.parametrize("number", range({_TESTS}))
def test_it(number, container):
    stopwatch.body()
    if container:
        assert container.exec({list(case.count)!r}).output.strip() == "0", "was not reset"
        assert container.exec({list(case.write)!r}).exit_code == 0
    stopwatch.end()
"""
    conftest = f"""
import os

import pytest

if os.environ.get("BENCH_PLAIN"):
    @pytest.fixture
    def container():
        return None
else:
    @pytest.fixture
    def container(container_getter):
        return container_getter.get("{case.dirtied}")
"""
    write_pytest(root, HEAD + body, conftest, ["services(*names)"])


def _tables(run: str) -> dict[str, object]:
    """Return a one-shot that makes the tables, and a service that wants it to have ended."""
    statements = "".join(
        f"CREATE TABLE t{number} (id serial PRIMARY KEY, name text, at timestamptz DEFAULT now());"
        f"CREATE INDEX ON t{number} (name);"
        for number in range(_TABLES)
    )
    same = {"image": "${CONTAINER_REGISTRY}/postgres", "labels": {LABEL: run}}
    return {
        "make-tables": {
            **same,
            "depends_on": {"postgres": {"condition": "service_healthy"}},
            "command": ["psql", "postgresql://shop:shop@postgres:5432/shop", "-qc", statements],
        },
        "tables": {
            **same,
            "depends_on": {"make-tables": {"condition": "service_completed_successfully"}},
            "command": ["sleep", "infinity"],
        },
    }


WORK = Work("reset", "What a reset delays the next test by", measure)
