"""The ``harness`` command."""

from __future__ import annotations

import click

from harness.cli.prune import prune
from harness.cli.report import report


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytest-compose-harness")
def main() -> None:
    """What pytest-compose-harness does outside of a test run."""


main.add_command(prune)
main.add_command(report)
