"""The command: measures all works, or some, and writes what came of it.

    python -m bench [--only NAME …] [--rounds N] [--quick] [--json PATH]

A whole run writes bench/results.json, docs/performance.svg and the table in docs/performance.md;
a partial one only .bench/results.json, or what --json names.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bench import report
from bench.bars import Verdict
from bench.context import Bench
from bench.peers import versions
from bench.plot import svg
from bench.work import Result
from bench.works import WORKS

_ROOT = Path(__file__).parents[1]
_FOLDER = _ROOT / ".bench"


def main() -> int:
    """Measure and write; return 1 if a bar was missed."""
    arguments = _arguments()
    chosen = [work for work in WORKS if not arguments.only or work.name in arguments.only]
    whole = not arguments.only and not arguments.quick
    bench = Bench(_FOLDER, arguments.quick, arguments.rounds, _say)
    results: dict[str, Result] = {}
    try:
        where = report.machine(bench.client.version()["Version"], _compose_version())
        for work in chosen:
            _say(work.name)
            results[work.name] = work.measure(bench)
    finally:
        bench.close()
    default = _ROOT / "bench" / "results.json" if whole else _FOLDER / "results.json"
    written = arguments.json or default
    written.write_text(report.as_json(results, where, versions(_FOLDER)) + "\n")
    text = _text(results, where)
    print(text)
    print(f"\nwritten: {written}")
    if whole:
        report.rewrite(_ROOT / "docs" / "performance.md", text)
        (_ROOT / "docs" / "performance.svg").write_text(_plot(results))
    verdicts = [line.verdict for result in results.values() for line in result.lines]
    return int(Verdict.MISSED in verdicts)


def _arguments() -> argparse.Namespace:
    names = [work.name for work in WORKS]
    parser = argparse.ArgumentParser("python -m bench", description="How fast the harness is.")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument(
        "--rounds", type=int, default=7, help="of the shortest work, the others in proportion (7)"
    )
    parser.add_argument("--quick", action="store_true", help="one round: whether it works at all")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where to write the results")
    return parser.parse_args()


def _text(results: Mapping[str, Result], where: Mapping[str, str]) -> str:
    titles = {work.name: work.title for work in WORKS}
    tables = [report.contestants_table(titles[name], result) for name, result in results.items()]
    on = (
        f"Measured on {where['system']} with {where['processors']} processors, Docker Engine "
        f"{where['engine']}, Compose {where['compose']}, Python {where['python']}."
    )
    return "\n\n".join([on, report.lines_table(results.values()), *tables])


def _plot(results: Mapping[str, Result]) -> str:
    titles = {work.name: work.title for work in WORKS}
    return svg(
        {
            titles[name]: r.measured.took
            for name, r in results.items()
            if r.plotted and r.measured.took
        }
    )


def _compose_version() -> str:
    command = ["docker", "compose", "version", "--short"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
