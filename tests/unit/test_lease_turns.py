from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import TurnTimeoutError
from harness.lease.turns import take_turns

PATIENCE = 30.0
HOLD = """
import sys
from harness.lease.turns import take_turns
with take_turns(sys.argv[1:], "other", 30):
    print("mine", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import tempfile

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield
    monkeypatch.undo()


def test_one_holds_it_at_a_time_and_the_next_gets_it_after() -> None:
    order: list[str] = []

    def second() -> None:
        with take_turns(["port 1"], "mine", PATIENCE):
            order.append("second")

    waiting = threading.Thread(target=second)
    with take_turns(["port 1"], "mine", PATIENCE):
        waiting.start()
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_different_things_are_held_side_by_side() -> None:
    with (
        take_turns(["port 1"], "mine", PATIENCE),
        take_turns(["port 2"], "mine", PATIENCE),
        take_turns([], "mine", 0),
    ):
        pass


def test_another_process_holds_it_until_it_ends() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, "port 1", "port 2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "mine\n"
        with pytest.raises(TurnTimeoutError, match="waited 0 s for port 2, which the compose file"):
            take_turns(["port 2"], "mine", 0.05)
        other.kill()
    with take_turns(["port 1", "port 2"], "mine", PATIENCE):
        pass


def test_what_was_taken_is_given_back_when_the_rest_cannot_be_had() -> None:
    with take_turns(["b"], "mine", PATIENCE):
        with pytest.raises(TurnTimeoutError):
            take_turns(["a", "b"], "mine", 0.05)
        with take_turns(["a"], "mine", 0.05):
            pass


def test_nobody_waits_for_what_he_holds_himself() -> None:
    with (
        take_turns(["port 1"], "harness-1", PATIENCE),
        pytest.raises(TurnTimeoutError, match="held by stack harness-1 of this very run"),
    ):
        take_turns(["port 1"], "harness-2", PATIENCE)
