"""Running pytest in a process of its own, and reading what the clock inside of it noted."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT = 900.0  # seconds; the longest work takes a few minutes
_LAST_WORDS = 60.0  # seconds for an interrupted pytest to clean up


@dataclass(frozen=True, slots=True)
class TestTimes:
    """When a test's set-up, its body and the body's end were, on ``perf_counter``."""

    setup: float
    body: float
    end: float


@dataclass(frozen=True, slots=True)
class PytestRun:
    """A pytest that passed.

    Attributes:
        collected: When collection had ended.
        tests: The times of the tests, in the order in which they ran.
        removed: When everything was seen to be gone inside of the process, if it was.
        exited: When the process had ended.
        wall: Seconds from the start of the process to its end.
        cpu: Seconds of processor time of the process and its children.
        peak_mb: The most memory that the process had; 0 without the clock in it.
    """

    collected: float
    tests: tuple[TestTimes, ...]
    removed: float | None
    exited: float
    wall: float
    cpu: float
    peak_mb: float

    @property
    def gaps(self) -> list[float]:
        """Seconds between the end of one test's body and the begin of the next one's."""
        return [b.body - a.end for a, b in zip(self.tests, self.tests[1:], strict=False)]


def run_pytest(
    python: Path, root: Path, args: Sequence[str], env: Mapping[str, str] | None = None
) -> PytestRun:
    """Run pytest in a folder.

    Raises:
        RuntimeError: It did not pass; the message ends with its last lines.
    """
    with tempfile.TemporaryDirectory(prefix="bench-times-") as times:
        command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *args]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        code, output = _finish(command, root, {**os.environ, **(env or {}), "BENCH_TIMES": times})
        exited = time.perf_counter()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if code != 0:
            raise RuntimeError(
                f"{' '.join(command)} in {root} ended with {code}:\n{_essence(output)}"
            )
        written = [json.loads(file.read_text()) for file in Path(times).iterdir()]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return _read(written, exited, exited - began, cpu)


def _finish(command: Sequence[str], root: Path, env: Mapping[str, str]) -> tuple[int, str]:
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen(
            command,
            cwd=root,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            process.wait(_TIMEOUT)
        except BaseException as error:
            _end(process, interrupted=isinstance(error, KeyboardInterrupt))
            raise
        output.seek(0)
        return process.returncode, output.read()


def _end(process: subprocess.Popen[bytes], interrupted: bool) -> None:
    """Let pytest clean up; a terminal's Ctrl-C has reached it too, and a second cuts that short."""
    try:
        if interrupted:
            process.wait(_LAST_WORDS / 4)
            return
    except subprocess.TimeoutExpired:
        pass
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_LAST_WORDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _essence(output: str) -> str:
    """Return the lines of pytest's output that say what is wrong."""
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("E  ")]
    return "\n".join(errors[:3] or lines[-5:])


def _read(
    written: Sequence[Mapping[str, object]], exited: float, wall: float, cpu: float
) -> PytestRun:
    """Join what the processes of one run noted: those of xdist are several."""
    collected, removed = [], []
    tests: dict[str, dict[str, float]] = {}
    for process in written:
        for what, test, at in process["notes"]:  # type: ignore[attr-defined]
            if what == "collected":
                collected.append(at)
            elif what == "removed":
                removed.append(at)
            else:
                tests.setdefault(test, {})[what] = at
    ran = [TestTimes(t["setup"], t["body"], t["end"]) for t in tests.values() if "end" in t]
    return PytestRun(
        collected=min(collected, default=exited),
        tests=tuple(sorted(ran, key=lambda t: t.body)),
        removed=max(removed) if removed and len(removed) == len(written) else None,
        exited=exited,
        wall=wall,
        cpu=cpu,
        peak_mb=max((float(str(p["peak_mb"])) for p in written), default=0.0),
    )
