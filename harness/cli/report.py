"""``harness report``: drawing the report of a run again, from its journal."""

from __future__ import annotations

from pathlib import Path

import click

_USAGE = 2  # the exit code of a wrong argument


@click.command()
@click.argument("journals", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE",
    help="A file NAME.html, or a folder for index.html and the merged journal.jsonl. "
    "Else index.html beside the first journal.",
)
def report(journals: tuple[Path, ...], output: Path | None) -> None:
    """Draw the report of a run from what --harness-report has written.

    Several JOURNALS become one report: the parts of a run that was killed (journal-*.jsonl), or
    the journals of several runs, of a CI's shards for example.
    """
    from harness.errors import ReportError
    from harness.observe.report import folder
    from harness.observe.report.sources import gather

    try:
        events = gather(journals)
        if output is None:
            page = folder.draw(events, journals[0].parent / folder.PAGE)
        elif output.suffix == ".html" and not output.is_dir():
            page = folder.draw(events, output)
        else:
            page = folder.write(events, output, keep=journals)
    except (ReportError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        raise click.exceptions.Exit(_USAGE if isinstance(error, ReportError) else 1) from None
    click.echo(page)
