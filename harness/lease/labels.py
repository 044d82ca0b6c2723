"""The labels that everything made by the harness carries. Removal goes by them, never by name."""

from __future__ import annotations

PREFIX = "pytest-compose-harness"
RUN = f"{PREFIX}.run"
STACK = f"{PREFIX}.stack"


def stack_labels(run: str, stack: str) -> dict[str, str]:
    """Return the labels of all that belongs to one stack of one run."""
    return {RUN: run, STACK: stack}
