"""What a run came to, and what the summary says of it."""

from __future__ import annotations

import json

from harness.plan.account import Account, Start, savings


def test_all_starts_but_the_longest_would_have_been_saved() -> None:
    starts = [Start(("db",), (), waited) for waited in (1.0, 2.0, 3.0)]
    assert savings(starts) == (
        "harness: 3 tests started the same service db: harness_isolation = shared would have "
        "saved about 3 s"
    )


def test_the_services_that_cost_most_are_named_and_the_others_summed_up() -> None:
    starts = [Start(("db", "app"), (), 5.0)] * 2 + [Start(("mail",), (), 2.0)] * 2
    assert savings(starts) == (
        "harness: 2 tests started the same 2 services (db, app): harness_isolation = shared "
        "would have saved about 5 s, and 2 s with other tests"
    )


def test_what_is_not_worth_a_line_has_none() -> None:
    assert savings([]) == ""
    assert savings([Start(("db",), (), 60.0)]) == ""
    assert savings([Start(("db",), (), 0.4)] * 3) == ""
    other = (("db", (("A", "1"),)),)
    assert savings([Start(("db",), (), 9.0), Start(("db",), other, 9.0)]) == ""


def test_replaced_services_are_named() -> None:
    (line,) = Account(replaced={"b", "a"}).lines()
    assert line.startswith("harness: reset by replacing the container: a, b. Faster: ")
    assert [*Account().lines()] == []


def test_a_worker_sends_its_account_to_the_controller() -> None:
    start = Start(("db",), (("db", (("A", "1"),)),), 2.0)
    sent = json.loads(json.dumps(Account([start], {"db"}).packed()))
    total = Account([start], {"app"})
    total.add(Account.unpacked(sent))
    assert total == Account([start, start], {"app", "db"})
