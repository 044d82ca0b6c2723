"""The folder of a report: what is in it, and when it is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from harness.errors import ReportError
from harness.observe.event import Event
from harness.observe.journal import PARTS, Journal
from harness.observe.reading import run_events

PAGE, JOURNAL = "index.html", "journal.jsonl"
MARK = '<meta name="generator" content="pytest-compose-harness">'
"""By this, near its beginning, a page of ours is known."""
_HEAD = 1000  # bytes in which the mark stands


def prepare(folder: Path) -> None:
    """Make a folder ready for the report of a run that begins: what an earlier one left goes.

    Raises:
        ReportError: It cannot be written, or its page is none of ours.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _check_page(folder / PAGE)
        for old in (folder / PAGE, folder / JOURNAL, *folder.glob(PARTS)):
            old.unlink(missing_ok=True)
        probe = folder / f".{PAGE}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise ReportError(
            f"--harness-report: cannot write into {folder}: {error.strerror or error}. Name a "
            f"folder that can be written, by the option, HARNESS_REPORT or ini harness_report."
        ) from None


def _check_page(page: Path) -> None:
    with suppress(FileNotFoundError), page.open("rb") as file:
        if MARK.encode() not in file.read(_HEAD):
            raise ReportError(
                f"{page} is there already, and is no report of the harness: it would be "
                f"overwritten. Name another place for the report, or remove it."
            )


def finish(journal: Journal, folder: Path) -> str:
    """Put the parts of a run together, and draw its page.

    Whatever goes wrong is told and fails nothing: the tests have run. The parts stay until nobody
    reads them any more (``remove_parts``).

    Returns:
        A line that says where the page is, or why there is none.
    """
    try:
        page = write(run_events(journal, folder), folder)
    except Exception as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else repr(error)
        return (
            f"harness: no report: {why}. What happened is in {folder}: try "
            f"`harness report {folder / PARTS}`."
        )
    return f"harness: report in {page}"


def remove_parts(folder: Path) -> None:
    """Remove the parts of a run, if there is the whole."""
    if (folder / JOURNAL).exists():
        for part in folder.glob(PARTS):
            with suppress(OSError):  # then what happened is there twice, and drawn once
                part.unlink()


def write(events: Sequence[Event], folder: Path, keep: Collection[Path] = ()) -> Path:
    """Write the journal of a run and its page; return the page.

    Args:
        events: What happened.
        folder: Where they go.
        keep: Journals that are left as they are, should one be in the folder.

    Raises:
        OSError: They cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = draw(events, folder / PAGE)
    journal = folder / JOURNAL
    if journal.resolve() not in {path.resolve() for path in keep}:
        replace(journal, "".join(f"{event.line()}\n" for event in events))
    return page


def draw(events: Sequence[Event], page: Path) -> Path:
    """Write the page of a run, or of several; return it.

    Raises:
        OSError: It cannot be written.
        ReportError: There is another page in its place, which is none of ours.
    """
    # a template engine costs a tenth of a second: only who wants a report pays
    from harness.observe.report.build import report_of
    from harness.observe.report.page import html

    page.parent.mkdir(parents=True, exist_ok=True)
    _check_page(page)
    replace(page, html(report_of(events)))
    return page


def replace(path: Path, text: str) -> None:
    """Write a file, whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.write_text(text, encoding="utf-8", errors="replace")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
