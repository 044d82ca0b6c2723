"""Who may remove what: judged by labels alone."""

from __future__ import annotations

import math

import pytest

from harness.lease.judge import Here, is_abandoned
from harness.lease.labels import RUN, Ownership
from harness.lease.process import ProcessId

NOW = 1_800_000_000.0
LIVING, DEAD = ProcessId(10, "5"), ProcessId(11, "6")
OWN = Ownership("here", "this boot", LIVING, "", NOW - 10, NOW + 100)


def here(kept_until: float | None = None) -> Here:
    return Here("here", "this boot", NOW, lambda p: p == LIVING, lambda _: kept_until)


def labels(**changes: object) -> dict[str, str]:
    return {RUN: "run", **OWN._replace(**changes).labels()}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "abandoned"),
    [
        pytest.param(labels(), False, id="its owner lives"),
        pytest.param(labels(expires=NOW - 1), False, id="its owner lives longer than expected"),
        pytest.param(labels(owner=DEAD), True, id="its owner is dead"),
        pytest.param(labels(owner=LIVING._replace(started="4")), True, id="another has its pid"),
        pytest.param(labels(boot="another"), True, id="the machine has started anew"),
        pytest.param(labels(origin="x", owner=DEAD), False, id="of another origin"),
        pytest.param(labels(origin="x", boot="y"), False, id="of another machine"),
        pytest.param(labels(origin="x", expires=NOW - 1), True, id="of another origin, expired"),
        pytest.param(labels(owner=None), False, id="kept"),
        pytest.param(labels(owner=None, expires=NOW - 1), True, id="kept, expired"),
        pytest.param({RUN: "run"}, False, id="of a version that said nothing"),
        pytest.param({}, False, id="not ours"),
        pytest.param({**labels(owner=DEAD), RUN: ""}, True, id="a run without a name"),
    ],
)
def test_what_may_go(found: dict[str, str], abandoned: bool) -> None:
    assert is_abandoned(found, here()) is abandoned


def test_what_is_kept_expires_after_its_last_use_and_never_while_it_is_used() -> None:
    kept = labels(owner=None, expires=NOW - 1)
    assert not is_abandoned(kept, here(kept_until=NOW + 1))
    assert is_abandoned(labels(owner=None), here(kept_until=NOW - 1))
    assert not is_abandoned(kept, here(kept_until=math.inf))


@pytest.mark.parametrize("text", ["", "soon", "0"])
def test_an_expiry_that_cannot_be_read_is_none(text: str) -> None:
    strange = {**labels(origin="x"), "pytest-compose-harness.expires": text}
    assert not is_abandoned(strange, here())
