"""The folder of a report, and `harness report`, which draws one again."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.cli import main
from harness.errors import ReportError
from harness.observe.event import Kind
from harness.observe.journal import Journal
from harness.observe.reading import run_events
from harness.observe.report import folder
from harness.observe.report.sources import gather
from tests.observe import synthetic
from tests.observe.pages import names, unpacked


def harness(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, args)])


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal of six tests."""
    path = tmp_path / "journal.jsonl"
    path.write_text(synthetic.text(synthetic.journal(6, 3)))
    return path


def test_a_report_is_drawn_beside_its_journal(journal: Path) -> None:
    result = harness("report", journal)

    page = journal.parent / "index.html"
    assert (result.exit_code, result.output) == (0, f"{page}\n")
    assert len(unpacked(page.read_text(), "data")["tests"]) == 6


def test_a_report_goes_where_it_is_wanted(journal: Path, tmp_path: Path) -> None:
    assert harness("report", journal, "-o", tmp_path / "out/run.html").exit_code == 0
    assert harness("report", journal, "-o", tmp_path / "site").exit_code == 0

    assert names(tmp_path / "out") == ["run.html"]
    assert names(tmp_path / "site") == ["index.html", "journal.jsonl"]
    assert (tmp_path / "site/journal.jsonl").read_text() == journal.read_text()


def test_journals_of_several_runs_become_one_and_that_one_can_be_drawn_again(
    journal: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(synthetic.text(synthetic.journal(4, 3, run="0ther")))

    assert harness("report", journal, other, "-o", tmp_path / "both").exit_code == 0
    assert (
        harness("report", tmp_path / "both/journal.jsonl", "-o", tmp_path / "again").exit_code == 0
    )

    first, again = ((tmp_path / name / "index.html").read_text() for name in ("both", "again"))
    assert first == again
    data = unpacked(first, "data")
    assert len(data["tests"]) == 10
    assert {(group["run"], group["worker"]) for group in data["groups"]} == {
        (0, "gw0"), (0, "gw1"), (1, "gw0"), (1, "gw1"),
    }  # fmt: skip


def test_the_parts_of_a_run_and_what_was_made_of_them_count_once(
    journal: Path, tmp_path: Path
) -> None:
    lines = journal.read_text().splitlines(keepends=True)
    for worker in ("gw0", "gw1"):
        own = [line for line in lines if f'"worker":"{worker}"' in line]
        (tmp_path / f"journal-{worker}.jsonl").write_text("".join(own))

    parts = gather([journal, *tmp_path.glob("journal-*.jsonl")])

    assert [event.line() for event in parts] == [event.line() for event in gather([journal])]


def test_a_line_may_hold_what_elsewhere_ends_one(tmp_path: Path) -> None:
    text = "one\u2028two\x85three\x0cfour\rfive"
    journal = Journal()
    journal.write_to(tmp_path)
    journal.tell(Kind.WARNING, text=text)
    journal.tell(Kind.WARNING, text="after")

    for events in (gather([tmp_path / "journal-main.jsonl"]), run_events(journal, tmp_path)):
        assert [event.data["text"] for event in events] == [text, "after"]


def test_a_journal_that_was_cut_short_is_drawn_as_far_as_it_goes(journal: Path) -> None:
    text = journal.read_text()
    journal.write_text(text[: len(text) * 2 // 3])

    assert harness("report", journal).exit_code == 0

    page = (journal.parent / "index.html").read_text()
    assert "killed: its last events are missing" in page
    assert "unfinished" in {test["outcome"] for test in unpacked(page, "data")["tests"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no journal: it holds no event"),
        ("hello\nworld\n", "no event of a journal: 'hello'"),
        ('{"a": 1}\n{"a": 1}\n', "no event of a journal"),
        ("[]\n[]\n", "no event of a journal"),
        ("hello", "no journal: it holds no event"),
        ('{"kind": "x", "at": 1, "data": 5}\n\n{}', "no event of a journal"),
        ('{"kind": "x", "at": NaN}\n{}\n', "no event of a journal"),
    ],
)
def test_a_file_that_is_no_journal_is_told_in_one_message(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(text)

    result = harness("report", file)

    assert result.exit_code == 2
    assert result.output.startswith(f"Error: {file}: {message}")
    assert result.output.count("\n") == 1
    assert "Wanted: a journal.jsonl that --harness-report has written." in result.output


def test_a_file_that_is_not_there_or_holds_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(bytes(range(256)) * 9)

    missing, binary = (
        harness("report", tmp_path / "nowhere"),
        harness("report", tmp_path / "picture"),
    )

    assert (missing.exit_code, binary.exit_code) == (2, 2)
    assert f"{tmp_path}/nowhere: cannot be read: No such file or directory" in missing.output
    assert "no event of a journal" in binary.output


def test_a_page_of_somebody_else_is_not_overwritten(journal: Path) -> None:
    page = journal.parent / "index.html"
    page.write_text("<h1>My site</h1>")

    result = harness("report", journal)

    assert result.exit_code == 2
    assert f"{page} is there already, and is no report of the harness" in result.output
    with pytest.raises(ReportError, match="is no report of the harness"):
        folder.prepare(journal.parent)
    assert page.read_text() == "<h1>My site</h1>"


def test_a_run_begins_with_an_empty_folder(journal: Path) -> None:
    harness("report", journal)
    for name in ("journal-main.jsonl", "journal-gw0.jsonl", "notes.txt"):
        (journal.parent / name).touch()

    folder.prepare(journal.parent)

    assert names(journal.parent) == ["notes.txt"]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ReportError) as told:
        folder.prepare(tmp_path / "file" / "report")

    assert str(told.value) == (
        f"--harness-report: cannot write into {tmp_path}/file/report: Not a directory. Name a "
        f"folder that can be written, by the option, HARNESS_REPORT or ini harness_report."
    )


def test_the_parts_of_a_run_become_one_journal_and_a_page(tmp_path: Path) -> None:
    for worker in ("gw0", "gw1"):
        other = Journal(worker)
        other.write_to(tmp_path)
        other.tell(Kind.RUN_BEGIN, run="1")
        other.close()
    journal = Journal()
    journal.write_to(tmp_path)
    journal.tell(Kind.RUN_BEGIN, run="1")

    line = folder.finish(journal, tmp_path)

    folder.remove_parts(tmp_path)

    assert line == f"harness: report in {tmp_path}/index.html"
    assert names(tmp_path) == ["index.html", "journal.jsonl"]
    assert {event.worker for event in gather([tmp_path / "journal.jsonl"])} == {"", "gw0", "gw1"}


def test_a_report_that_cannot_be_written_at_the_end_is_told_and_its_parts_stay(
    tmp_path: Path,
) -> None:
    journal = Journal()
    journal.write_to(tmp_path)
    journal.tell(Kind.RUN_BEGIN, run="1")
    (tmp_path / ".index.html.new").mkdir()

    line = folder.finish(journal, tmp_path)
    folder.remove_parts(tmp_path)

    assert line == (
        f"harness: no report: Is a directory. What happened is in {tmp_path}: try "
        f"`harness report {tmp_path}/journal-*.jsonl`."
    )
    assert (tmp_path / "journal-main.jsonl").exists()
