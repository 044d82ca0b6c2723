"""A plugin for runs that are to be killed: it stops them at a step that is named.

The first process of a run to reach the step writes its pid into a file, and goes on when another
file is there. So a signal comes exactly then, and what it interrupts can still come to its end.
"""

from __future__ import annotations

import functools
import importlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

STEP, FOLDER = "TESTS_FAULTS_STEP", "TESTS_FAULTS_FOLDER"
IN_THE_TEST = "in the test"
IN_THE_BODY = "in the body"


class Step(NamedTuple):
    """A function of the harness, and whether the step is before or after its call."""

    module: str
    function: str
    after: bool = False


STEPS = {
    "before the reaper answers": Step("harness.lease.spawn", "_start"),
    "after the reaper answers": Step("harness.lease.spawn", "_start", after=True),
    "after the network": Step("harness.stack.creator", "Creator._make_network", after=True),
    "between create and start": Step("harness.stack.starter", "Starter.start"),
    "while waiting": Step("harness.stack.starter", "Starter.wait_ready"),
    IN_THE_TEST: Step("harness.session", "HarnessSession.look_ahead"),
    "in teardown": Step("harness.stack.stack", "Stack.down"),
}

# of runs that start processes, and no container
PROCESS_STEPS = {
    "before the reaper answers": STEPS["before the reaper answers"],
    "after the reaper answers": STEPS["after the reaper answers"],
    "before the process starts": Step("harness.local.process", "LocalProcess.start"),
    "before the process is entered": Step("harness.lease.started", "Entered.name"),
    "while waiting for the process": Step("harness.local.process", "LocalProcess.wait_ready"),
    IN_THE_BODY: Step("tests.faults.steps", "in_the_body"),
    "while the process ends": Step("harness.local.process", "LocalProcess.end"),
    "while the process is killed": Step("harness.lease.family", "send"),
}


def in_the_body() -> None:
    """Called by the tests of such a run."""


def reach() -> None:
    """This is the step: say so, and wait, unless another process of the run was first."""
    folder = Path(os.environ[FOLDER])
    draft = folder / f"reached.{os.getpid()}"
    draft.write_text(str(os.getpid()))
    try:
        os.link(draft, folder / "reached")
    except FileExistsError:
        return
    while not (folder / "go").exists():
        time.sleep(0.01)


def pytest_configure() -> None:
    """Have the step's function stop."""
    if step := {**STEPS, **PROCESS_STEPS}.get(os.environ.get(STEP, "")):
        owner: Any = importlib.import_module(step.module)
        *classes, name = step.function.split(".")
        for part in classes:
            owner = getattr(owner, part)
        setattr(owner, name, _stopping(getattr(owner, name), step.after))


def _stopping(function: Callable[..., Any], after: bool) -> Callable[..., Any]:
    @functools.wraps(function)
    def stops(*args: Any, **options: Any) -> Any:
        if not after:
            reach()
        result = function(*args, **options)
        if after:
            reach()
        return result

    return stops
