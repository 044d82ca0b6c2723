"""A test that passes by itself fails if a service behind it did what it must not."""

from __future__ import annotations

import re

import pytest

from tests.plugin.team import Team
from tests.sharing.sharing import Sharing

# A service that ends with 3 as soon as there is a file of this name.
UNTIL_TOLD = "while [ ! -e /die ]; do sleep 0.02; done; rm /die; exit 3"
HUNGRY = """perl -e '$$hungry .= "x" x 1_000_000 while 1'"""
WAIT = "until [ -e /die ]; do sleep 0.02; done"
ACTS = """
import os, sys
import pytest
from contextlib import closing
from eventually import eventually
from harness.engine.client import connect

def dies(service, status="exited"):
    service.container.exec(["touch", "/die"])
    eventually(lambda: service.container.status == status)

def behind(service):
    "Kill it, and not by the harness: the engine answers before it is dead."
    with closing(connect()[0]) as api:
        api.kill(service.container.id)
"""


@pytest.fixture
def team(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Team:
    made = Team(pytester, monkeypatch)
    made.write("acts.py", ACTS)
    return made


def mortal(**keys: object) -> dict[str, object]:
    return {"command": ["sh", "-c", UNTIL_TOLD], "stop_signal": "SIGKILL", **keys}


def errors(result: pytest.RunResult) -> dict[str, str]:
    """Return the first line that is shown of each test that failed, by its name."""
    shown = result.stdout.str()
    heads = re.findall(r"^_+ (?:ERROR at teardown of )?(\w+) _+\n(.*)$", shown, re.MULTILINE)
    return dict(heads)


def test_what_services_do_fails_the_test_it_happened_in_and_no_other(team: Team) -> None:
    team.service("orders", **mortal())
    team.service("idle", **mortal(**{"x-harness": {"fail_on": "none"}}))
    team.service(
        "crashy", **mortal(restart="always", **{"x-harness": {"fail_on": {"restart": True}}})
    )
    team.service(
        "catalog",
        command=["sh", "-c", "echo ERROR at its start; exec sleep infinity"],
        stop_signal="SIGKILL",
        environment={"PASSWORD": "open-sesame-1234"},
        **{"x-harness": {"fail_on": {"log": ["ERROR"], "allow": ["ERROR ignored"]}}},
    )
    memory = {"mem_limit": "16m", "memswap_limit": "16m"}
    oom = {"x-harness": {"fail_on": {"oom": True}}}
    parent = f"{WAIT}; {HUNGRY}; touch /fed; sleep 999"
    team.service("parent", command=["sh", "-c", parent], **memory, **oom)
    team.service("glutton", command=["sh", "-c", f"{WAIT}; exec {HUNGRY}"], **memory)
    team.tests(
        """
        from acts import *

        def test_dies(orders):
            dies(orders)

        def test_dies_at_its_end(orders):
            behind(orders)

        @pytest.fixture
        def late(orders):
            yield
            behind(orders)

        def test_dies_later(late):
            pass

        def test_asked_for(orders, catalog):
            orders.container.restart()
            catalog.container.stop()
            orders.container.kill()

        @pytest.mark.orders(may_die=True)
        def test_may_die(orders):
            dies(orders)

        def test_fails_anyway(orders):
            dies(orders)
            assert orders is None

        def test_skips(orders):
            dies(orders)
            pytest.skip("enough")

        @pytest.mark.xfail(strict=True)
        def test_is_to_fail(orders):
            dies(orders)

        def test_nobody_minds(idle):
            dies(idle)

        def test_restarts(crashy):
            before = crashy.container._look().restarts
            crashy.container.exec(["touch", "/die"])
            eventually(lambda: crashy.container._look().restarts > before)

        def test_logs(catalog):
            catalog.container.exec(["sh", "-c", "(echo ERROR ignored; echo ERROR of "
                "open-sesame-1234; echo ERROR again) >/proc/1/fd/1"])
            eventually(lambda: "again" in catalog.container.logs())

        def test_starves(glutton):
            dies(glutton)

        def test_child_starves(parent):
            parent.container.exec(["touch", "/die"])
            eventually(lambda: parent.container.exec(["test", "-e", "/fed"]).exit_code == 0)

        def test_removed(orders):
            with closing(connect()[0]) as api:
                api.remove_container(orders.container.id, force=True)
        """
    )

    result = team.run_for_real("-rA", "-p", "no:cacheprovider")

    result.assert_outcomes(passed=4, failed=8, errors=1, skipped=1, xfailed=1)
    told = errors(result)
    assert re.fullmatch(r"orders died \(exit 3\) \d\.\d s before the end.*", told["test_dies"])
    assert told["test_dies_at_its_end"].startswith("orders died (exit 137) ")
    assert re.match(r"orders died \(exit 137\) (at|\d\.\d s after) the", told["test_dies_later"])
    assert told["test_restarts"].startswith("crashy died (exit 3) and was restarted")
    assert told["test_logs"].startswith('catalog logged "ERROR of ***" (matches ERROR)')
    assert told["test_logs"].endswith("the end of the test, and 1 more such line.")
    assert told["test_starves"].startswith("glutton died (exit 137, out of memory)")
    assert told["test_child_starves"].startswith("parent had a process killed, out of memory,")
    assert told["test_removed"].startswith("orders was removed, and not by the harness,")
    shown = result.stdout.str()
    assert '@pytest.mark.services("orders", may_die=True)' in shown
    assert "of 'orders' (compose/orders.yml:2) what counts." in shown
    assert result.ret == 1


@pytest.fixture
def sharing(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Sharing:
    made = Sharing(pytester, monkeypatch)
    made.write("acts.py", ACTS)
    return made


def test_of_what_all_share_only_what_happens_while_a_test_runs_counts(sharing: Sharing) -> None:
    sharing.service("orders", **mortal())
    sharing.ini("harness_isolation = shared")
    for name in ("one", "two"):  # whole files go to a worker each
        sharing.write(
            f"test_{name}.py",
            f"""
            from acts import *
            from notes import note, noted, saw

            def both(what):
                note(what)
                eventually(lambda: len(noted(what)) == 2)

            def test_another_asks_for_it(orders):
                saw(orders)
                both("inside")
                if "{name}" == "one":
                    orders.container.kill()
                    orders.container.start()
                both("restarted")

            def test_nobody_asks_for_it(orders):
                both("inside again")
                if "{name}" == "one":
                    behind(orders)
                eventually(lambda: orders.container.status == "exited")
                both("died")

            def test_after(orders):
                assert orders.container.status == "running"
            """,
        )

    result = sharing.run_for_real("-n2", "--dist=loadfile", "-p", "no:cacheprovider")

    result.assert_outcomes(passed=4, failed=2)
    assert len(set(sharing.values("orders"))) == 1
    shown = result.stdout.str()
    assert (
        len(re.findall(r"^orders died \(exit 137\).* the end of the test\.$", shown, re.MULTILINE))
        == 2
    )
    assert shown.count("test_nobody_asks_for_it ____") == 2


def test_the_run_says_what_counts_where_a_service_says_nothing(team: Team) -> None:
    team.service("orders", **mortal())
    team.tests(
        """
        from acts import *

        def test_dies(orders):
            dies(orders)
        """
    )

    team.passes("--harness-fail-on=none", passed=1)
