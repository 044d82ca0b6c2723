"""The tests that need services, as the journal tells them."""

from __future__ import annotations

import pytest

from harness.observe.event import Kind
from harness.observe.journal import Journal
from harness.observe.tests import TestJournal


@pytest.mark.parametrize("end", [KeyboardInterrupt, pytest.exit.Exception])
def test_a_test_in_which_the_run_is_interrupted_has_not_passed(
    pytester: pytest.Pytester, end: type[BaseException]
) -> None:
    item = pytester.getitem("def test_func(): ...")
    journal = Journal()
    tests = TestJournal(journal)

    with pytest.raises(end), tests.running(item, concerned=True):
        raise end

    last = journal.kept()[-1]
    assert (last.kind, last.data["outcome"]) == (Kind.TEST_END, "unfinished")
    assert tests.test == ""


def test_a_test_that_nobody_interrupts_is_told_with_its_place(pytester: pytest.Pytester) -> None:
    item = pytester.getitem("def test_func(): ...")
    journal = Journal()

    with TestJournal(journal).running(item, concerned=True):
        pass

    begin, end = journal.kept()
    assert begin.data == {"file": item.location[0], "line": 1}
    assert end.data["outcome"] == "passed"
