"""Which of the things that services did fail a test, and how that is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.engine.protocol import Snapshot
from harness.model.fail_on import FailOn
from harness.observe.faults import Logged, counts, logged, told
from harness.observe.incidents import Incident, What
from harness.stack.conduct import as_seen

NONE = FailOn(exit=False)
DIED = Incident(What.EXIT, "stack", "orders", "c1", 10.0, 137)


def seen(status: str, **more: object) -> Snapshot:
    snapshot = Snapshot("c1", "orders-1", "orders", 1, status, 137, False, "x", 0, None)
    return replace(snapshot, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "memory", "rule", "wanted"),
    [
        (What.EXIT, False, FailOn(), True),
        (What.REMOVED, False, FailOn(), True),
        (What.EXIT, True, NONE, False),
        (What.EXIT, True, NONE._replace(oom=True), True),
        (What.EXIT, False, NONE._replace(oom=True), False),
        (What.OOM, True, FailOn(), False),
        (What.OOM, True, NONE._replace(oom=True), True),
        (What.RESTART, False, FailOn(), False),
        (What.RESTART, False, NONE._replace(restart=True), True),
        (What.RESTART, True, NONE._replace(oom=True), True),
    ],
)
def test_what_counts(what: What, memory: bool, rule: FailOn, wanted: bool) -> None:
    assert counts(replace(DIED, what=what, out_of_memory=memory), rule) is wanted


LOG = """\
1970-01-01T00:00:05.000000000Z ERROR at its start
1970-01-01T00:00:11.500000000Z ERROR ignored
1970-01-01T00:00:12.000000000Z  ERROR: boom
the second half of a long line: ERROR
1970-01-01T00:00:13.000000000Z panic
"""


def test_the_first_line_that_counts_and_how_many_follow() -> None:
    rule = FailOn(log=("ERROR", "^panic"), allow=("ignored",))

    found = logged("catalog", LOG, rule, 10.0)

    assert found == Logged("catalog", 12.0, " ERROR: boom", "ERROR", 1)
    assert logged("catalog", LOG, rule, 13.5) is None


def test_a_line_as_a_sentence() -> None:
    line = Logged("catalog", 10.0, "ERROR: " + "x" * 300, "ERROR", 2)

    sentence = line.told(10.3, "the end of the test")

    assert sentence.startswith('catalog logged "ERROR: xxx')
    assert sentence.endswith(
        '…" (matches ERROR) 0.3 s before the end of the test, and 2 more such lines'
    )
    assert len(sentence) < 300


def test_the_message_has_a_sentence_for_each_and_says_what_lets_them_pass() -> None:
    line = Logged("catalog", 8.0, "ERROR", "ERROR")

    text = told([DIED, line], 13.1, {"orders": "compose/orders.yml:2"})

    assert text.splitlines() == [
        'catalog logged "ERROR" (matches ERROR) 5.1 s before the end of the test.',
        "orders died (exit 137) 3.1 s before the end of the test.",
        "The test itself passed. If that is as it should be, mark the test with "
        '@pytest.mark.services("orders", may_die=True), or say in '
        "`x-harness: {fail_on: …}` of 'catalog' (its compose file), 'orders' "
        "(compose/orders.yml:2) what counts.",
    ]
    assert "may_die" not in told([line], 9.0, {})


def test_a_look_tells_when_exactly_and_of_what_a_service_ended() -> None:
    ended = as_seen(DIED, seen("exited", finished_at=9.9, oom_killed=True))

    assert (ended.what, ended.at, ended.out_of_memory) == (What.EXIT, 9.9, True)
    assert as_seen(DIED, seen("exited", finished_at=12.9), ahead=3.0).at == pytest.approx(9.9)


def test_a_death_of_what_is_about_to_be_restarted_is_no_end() -> None:
    assert as_seen(DIED, seen("restarting")).what is What.RESTART
    assert as_seen(DIED, seen("running", restarts=1)).what is What.RESTART
    assert as_seen(DIED, seen("running")).what is What.EXIT
    assert as_seen(DIED, seen("exited", restarts=3)).what is What.EXIT
