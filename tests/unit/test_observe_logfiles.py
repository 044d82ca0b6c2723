"""Whole logs in files: where they are, how many stay, and what happens where none can be."""

from __future__ import annotations

import os
from pathlib import Path

from harness.observe.logfiles import LogFiles, file_name


def test_a_log_is_written_and_git_is_told_to_pass_it_over(tmp_path: Path) -> None:
    said = LogFiles(tmp_path, "r1").write(
        "tests/test_it.py::test_one", "The whole log", ["one", "två"]
    )

    assert said == "The whole log: .harness/logs/r1/tests.test_it.py.test_one.log"
    file = tmp_path / said.removeprefix("The whole log: ")
    assert file.read_text(encoding="utf-8") == "one\ntvå\n"
    assert (tmp_path / ".harness/.gitignore").read_text() == "*\n"


def test_the_logs_of_the_newest_runs_stay(tmp_path: Path) -> None:
    for number in range(8):
        LogFiles(tmp_path, f"r{number}").write("test", "The whole log", [])
        os.utime(tmp_path / f".harness/logs/r{number}", (number, number))

    LogFiles(tmp_path, "now").write("test", "The whole log", [])

    left = {folder.name for folder in (tmp_path / ".harness/logs").iterdir()}
    assert left == {"now", "r4", "r5", "r6", "r7"}


def test_where_nothing_can_be_written_that_is_said(tmp_path: Path) -> None:
    (tmp_path / ".harness").write_text("a file of somebody's")

    said = LogFiles(tmp_path, "r1").write("test", "The whole log", ["one"])

    assert said.startswith("The whole log could not be written: ")
    assert ".harness" in said


def test_names_that_no_file_can_have_are_told_apart() -> None:
    assert file_name("a/test_b.py::C::test_d[x-1]") == "a.test_b.py.C.test_d[x-1].log"
    strange = [
        file_name("t::a[ä]"),
        file_name("t::a[ö]"),
        file_name("t" * 300),
        file_name("t" * 301),
    ]
    assert len({*strange}) == 4
    assert all(len(name.encode()) < 200 for name in strange)
