"""``harness prune``: removing what runs have left, by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.engine.docker import DockerEngine
    from harness.engine.protocol import Thing
    from harness.errors import HarnessError

_QUESTION = "Tests that run now lose their services. Remove all of this?"
_WIDE = 1000  # columns, where no terminal says how many there are


@click.command()
@click.option("--dry-run", is_flag=True, help="List what would be removed, and remove nothing.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Take kept stacks, and what runs of yours use now, as well.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def prune(dry_run: bool, everything: bool, yes: bool) -> None:
    """Remove the containers, networks, volumes and processes that test runs have left behind.

    Those are left whose run has ended, or that have expired: kept stacks after --harness-keep-for,
    what somebody else has made on a shared engine after --harness-expiry. What is in use stays,
    unless --all takes it. Processes are found without an engine, too.
    """
    from harness.errors import HarnessError

    try:
        wrong = _prune(dry_run=dry_run, everything=everything, yes=yes)
    except HarnessError as error:
        raise click.ClickException(str(error)) from None
    for each in wrong:
        click.echo(f"Error: {each}", err=True)
    if wrong:
        raise click.exceptions.Exit(1)


def _prune(*, dry_run: bool, everything: bool, yes: bool) -> list[HarnessError]:
    """Remove what is to go, and say so; return what went wrong."""
    from harness.lease import sweep
    from harness.lease.record import records

    runs = records() if everything else sweep.dead_runs()
    processes = sweep.started_by(runs)
    with _on_engine(everything) as (engine, things, missing):
        found = [*processes, *things]
        if found:
            _show(found)
        if found and everything and not (dry_run or yes):
            click.confirm(_QUESTION, abort=True)
        refused = []
        if not dry_run:
            if processes:
                sweep.end_started_by(runs)
            refused = sweep.remove(engine, things) if engine else []
            sweep.forget_dead_runs()
    if found and not refused:
        click.echo(f"{sweep.counted(found)} {'would be ' if dry_run else ''}removed.")
    elif not (found or missing):
        click.echo("Nothing to remove.")
    return [*missing, *refused]


@contextmanager
def _on_engine(
    everything: bool,
) -> Iterator[tuple[DockerEngine | None, list[Thing], list[HarnessError]]]:
    """Find what is left on the engine; where none answers, give the error."""
    from harness.engine.docker import DockerEngine
    from harness.errors import EngineUnavailableError
    from harness.lease import sweep

    find = sweep.of_this_origin if everything else sweep.abandoned
    try:
        engine = DockerEngine()
    except EngineUnavailableError as error:
        yield None, [], [error]
        return
    try:
        with find(engine) as things:
            yield engine, things, []
    finally:
        engine.close()


def _show(found: Sequence[Thing]) -> None:
    """List what was found, by the run that made it."""
    from rich.console import Console
    from rich.table import Table

    from harness.lease.labels import MADE, RUN

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("run", "made", "what", "name"):
        table.add_column(heading, overflow="fold")
    for thing in sorted(found, key=lambda t: (t.labels.get(MADE, ""), t.labels[RUN], str(t))):
        table.add_row(thing.labels[RUN], thing.labels.get(MADE, ""), thing.kind, thing.name)
    console = Console()
    if not console.is_terminal:
        console.width = _WIDE
    console.print(table)
