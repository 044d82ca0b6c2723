"""``harness prune``: removing what runs have left, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.engine.docker import DockerEngine
    from harness.engine.protocol import Thing

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
    """Remove the containers, networks and volumes that test runs have left behind.

    Those are left whose run has ended, or that have expired: kept stacks after --harness-keep-for,
    what somebody else has made on a shared engine after --harness-expiry. What is in use stays,
    unless --all takes it.
    """
    from harness.engine.docker import DockerEngine
    from harness.errors import HarnessError

    try:
        engine = DockerEngine()
        try:
            _prune(engine, dry_run=dry_run, everything=everything, yes=yes)
        finally:
            engine.close()
    except HarnessError as error:
        raise click.ClickException(str(error)) from None


def _prune(engine: DockerEngine, *, dry_run: bool, everything: bool, yes: bool) -> None:
    from harness.lease import sweep

    find = sweep.of_this_origin if everything else sweep.abandoned
    with find(engine) as found:
        if found:
            _show(found)
        if dry_run or not found:
            click.echo(_told(found, "would be removed") if found else "Nothing to remove.")
            return
        if everything and not yes:
            click.confirm("Tests that run now lose their services. Remove all of this?", abort=True)
        refused = sweep.remove(engine, found)
        sweep.forget_dead_runs()
        for error in refused:
            click.echo(f"Error: {error}", err=True)
        if refused:
            raise click.exceptions.Exit(1)
        click.echo(_told(found, "removed"))


def _told(found: Sequence[Thing], what: str) -> str:
    from harness.lease.sweep import counted

    return f"{counted(found)} {what}."


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
    console.print(table, width=None if console.is_terminal else _WIDE)
