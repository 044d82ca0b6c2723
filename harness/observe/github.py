"""What GitHub Actions makes of a log's lines: groups that fold, and annotations. Pure.

Source: "Workflow commands for GitHub Actions" in GitHub's documentation.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from harness.observe.event import Event, Kind

_WORTH_FOLDING = 10  # lines of a section
ANOTHER_ANNOTATES = "pytest_github_actions_annotate_failures"
"""The plugin that annotates failures itself, by the name under which pytest knows it."""


def in_actions() -> bool:
    """Whether this runs in GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def command(name: str, message: str, **properties: object) -> str:
    """Return a workflow command: ``::error file=app.py,line=1::Missing semicolon``."""
    given = ",".join(
        f"{key}={_escaped_property(str(value))}"
        for key, value in properties.items()
        if value not in (None, "")
    )
    return f"::{name}{' ' if given else ''}{given}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def grouped(title: str, lines: Iterable[str], token: str) -> Iterator[str]:
    """Yield lines as a group that the log shows folded.

    Args:
        title: What it is shown as.
        lines: The lines. What looks like a command in them is none: a service wrote it.
        token: A word that nobody can guess, with which commands are taken up again.
    """
    yield command("group", title)
    yield from disarmed(lines, token)
    yield command("endgroup", "")


def disarmed(lines: Iterable[str], token: str) -> Iterator[str]:
    """Yield lines in which nothing is a command.

    Args:
        lines: The lines.
        token: A word that nobody can guess, with which commands are taken up again.
    """
    yield command("stop-commands", token)
    yield from lines
    yield f"::{token}::"


def section(name: str, lines: Sequence[str], token: str) -> Iterator[str]:
    """Yield the section on a test's services: as a group if it is long, and disarmed in any case.

    Args:
        name: What it is called.
        lines: Its lines.
        token: A word that nobody can guess.
    """
    if len(lines) < _WORTH_FOLDING:
        yield from disarmed(lines, token) if any(map(_may_be_command, lines)) else lines
        return
    # folded away, what is most worth knowing still says it, if there is such a thing
    told = lines[0] if lines[0][:1].isalnum() else ""
    yield from grouped(f"{name}: {told}" if told else name, lines, token)


def _may_be_command(line: str) -> bool:
    return "::" in line or "##[" in line


def annotated(events: Iterable[Event], root: Path, workspace: str) -> Iterator[str]:
    """Yield an annotation for each test that failed: what it failed of, and the verdict.

    Args:
        events: Events of a run, in time order.
        root: What the tests' files are told relative to.
        workspace: Where GitHub has checked the repository out, ``""`` if it does not say.
    """
    by_test: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        if event.test:
            by_test[event.worker, event.test].append(event)
    for (_, test), told in by_test.items():
        failed = [e for e in told if e.kind == Kind.TEST_PHASE and _failed(e)]
        if failed:
            yield _annotation(test, failed[0], told, root, workspace)


def _failed(phase: Event) -> bool:
    return phase.data.get("outcome") in {"failed", "error"}


def _annotation(test: str, phase: Event, told: list[Event], root: Path, workspace: str) -> str:
    begin = next((e.data for e in told if e.kind == Kind.TEST_BEGIN), {})
    verdict = [e.data.get("lines") or () for e in told if e.kind == Kind.TEST_VERDICT]
    said = [str(phase.data.get("message", "")), *(str(line) for v in verdict for line in v)]
    return command(
        "error",
        "\n".join(line for line in dict.fromkeys(said) if line),
        file=_in_repository(str(begin.get("file", "")), root, workspace),
        line=phase.data.get("line") or begin.get("line"),
        title=test.partition("::")[2],
    )


def _in_repository(file: str, root: Path, workspace: str) -> str:
    """Return a file's path as the repository has it."""
    path = root / file
    if file and workspace and path.is_relative_to(workspace):
        return path.relative_to(workspace).as_posix()
    return file
