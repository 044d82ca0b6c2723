"""A run with `--harness-report`: what is in the folder then, and what it costs nobody."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.cli import main
from harness.observe.event import Event, Kind
from harness.observe.reading import read
from harness.observe.report.folder import MARK
from tests.observe.pages import names, unpacked
from tests.plugin.team import Team

# a service that is a process: it listens, and no engine is needed
SERVICE = """
services:
  {name}:
    image: none
    ports: ["8080"]
    x-harness: {{process: {{command: [perl, -MIO::Socket, -e, '{serve}']}}}}
"""
SERVE = (
    "$$s = IO::Socket::INET->new(LocalAddr => qq(127.0.0.1), LocalPort => $$ENV{PORT}, "
    "Listen => 9, ReuseAddr => 1); $$c = $$s->accept while 1"
)


@pytest.fixture
def team(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Team:
    """A team with two services that run as processes."""
    team = Team(pytester, monkeypatch)
    team.ini("harness_engine = process\nharness_report = out/report")
    for name in ("alpha", "beta"):
        team.write(f"compose/{name}.yml", SERVICE.format(name=name, serve=SERVE))
    team.tests(
        """
        def test_one(alpha): ...
        def test_two(beta): assert beta.port == 0
        def test_three(alpha, beta): ...
        """
    )
    return team


def data_of(folder: Path) -> Any:
    return unpacked((folder / "index.html").read_text(), "data")


def kinds(events: list[Event], worker: str = "") -> list[str]:
    return [event.kind for event in events if event.worker == worker and not event.begins]


def test_a_run_leaves_a_page_and_a_journal_and_says_where(team: Team) -> None:
    folder = team.root / "out/report"
    folder.mkdir(parents=True)
    (folder / "journal-gw7.jsonl").write_text("of a run that was killed\n")

    result = team.run_for_real("-q")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines([f"harness: report in {folder}/index.html"])
    assert names(folder) == ["index.html", "journal.jsonl"]
    told = kinds(read(folder / "journal.jsonl"))
    assert (told[0], told[-1]) == (Kind.RUN_BEGIN, Kind.RUN_END)
    assert told.count(Kind.STACK_REMOVE) == 3
    outcomes = {test["id"]: test["outcome"] for test in data_of(folder)["tests"]}
    assert outcomes == {
        "test_team.py::test_one": "passed",
        "test_team.py::test_two": "failed",
        "test_team.py::test_three": "passed",
    }


def test_workers_write_one_report_together(team: Team) -> None:
    result = team.run_for_real("-n2", "--dist=each")

    folder = team.root / "out/report"
    result.assert_outcomes(passed=4, failed=2)
    assert result.outlines.count(f"harness: report in {folder}/index.html") == 1
    assert names(folder) == ["index.html", "journal.jsonl"]
    events = read(folder / "journal.jsonl")
    assert len({e.data["run"] for e in events if e.kind == Kind.RUN_BEGIN}) == 1
    for worker in ("gw0", "gw1"):
        told = kinds(events, worker)
        assert told.count(Kind.STACK_REMOVE) == 3
        assert told[-1] == Kind.RUN_END
    assert [group["worker"] for group in data_of(folder)["groups"]] == ["gw0", "gw1"]


@pytest.mark.parametrize("workers", [[], ["-n1", "--max-worker-restart=0"]], ids=["alone", "xdist"])
def test_a_run_that_is_killed_leaves_its_parts_which_can_be_drawn(
    team: Team, workers: list[str]
) -> None:
    team.tests(
        """
        import os, signal

        def test_one(alpha): ...

        def test_two(beta):
            for pid in dict.fromkeys([int(os.environ["CONTROLLER"]), os.getpid()]):
                os.kill(pid, signal.SIGKILL)
        """
    )
    team.conftest("import os\nos.environ.setdefault('CONTROLLER', str(os.getpid()))")
    team.run_for_real(*workers)

    folder = team.root / "out/report"
    part = "journal-gw0.jsonl" if workers else "journal-main.jsonl"
    assert part in names(folder)
    parts = map(str, folder.glob("journal-*.jsonl"))
    result = CliRunner().invoke(main, ["report", *parts])

    assert result.output == f"{folder}/index.html\n"
    tests = data_of(folder)["tests"]
    assert [test["outcome"] for test in tests] == ["passed", "unfinished"]
    assert "killed: its last events are missing" in (folder / "index.html").read_text()


def test_a_folder_that_cannot_be_written_ends_the_run_before_its_first_test(team: Team) -> None:
    team.write("taken", "")

    result = team.run_for_real("--harness-report=taken/report")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: --harness-report: cannot write into {team.root}/taken/report: Not a directory.*"]
    )


def test_what_cannot_be_written_at_the_end_fails_no_run(team: Team) -> None:
    team.tests(
        """
        import pathlib

        def test_one(alpha):
            pathlib.Path("out/report/.index.html.new").mkdir()
        """
    )

    result = team.passes("-q", passed=1)

    result.stdout.fnmatch_lines(["harness: no report: Is a directory. What happened is in *"])
    assert "journal-main.jsonl" in names(team.root / "out/report")


def test_a_run_that_runs_no_test_leaves_an_older_report_alone(team: Team) -> None:
    page = team.write("out/report/index.html", MARK)

    for option in ("--collect-only", "--markers", "--fixtures"):
        assert team.run(option).ret == 0

    assert page.read_text() == MARK


def test_a_report_holds_no_secret(team: Team) -> None:
    team.write(
        "compose/gamma.yml",
        """
        services:
          gamma:
            image: none
            environment: {DB_PASSWORD: correct horse battery staple}
            ports: ["8080"]
            x-harness:
              process: {command: 'echo "login with $$DB_PASSWORD refused"; exit 3'}
          delta:
            image: none
            environment: {DB_PASSWORD: correct horse battery staple}
            x-harness:
              process: {command: 'echo "took $$DB_PASSWORD"; sleep 600'}
              ready: {log: took}
        """,
    )
    team.tests("def test_one(gamma): ...\ndef test_two(delta): ...")

    team.run_for_real().assert_outcomes(passed=1, errors=1)

    folder = team.root / "out/report"
    assert "login with *** refused" in (folder / "journal.jsonl").read_text()
    page = (folder / "index.html").read_text()
    packets = f"{unpacked(page, 'data')}{unpacked(page, 'log')}"
    assert "login with *** refused" in packets
    assert "took ***" in unpacked(page, "log")["text"]
    for text in (page, packets, (folder / "journal.jsonl").read_text()):
        assert not re.search("correct horse|battery staple", text)
