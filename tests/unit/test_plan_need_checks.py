"""Whether what a test needs can be had as it says."""

from __future__ import annotations

import re

import pytest

from harness.errors import NoServiceNamedError, SettingError
from harness.plan.lives import Bounds, Life
from harness.plan.need import Need
from harness.plan.need_checks import check_environment, check_names_a_service

GRAPH = {"app": ["db"], "db": [], "other": []}
NEED = Need(frozenset({"app"}), (("db", (("A", "1"),)),))


def test_a_test_that_names_no_service_is_told_which_there_are() -> None:
    check_names_a_service("t", Need(frozenset({"db"})), ["db"], ["db"])
    with pytest.raises(NoServiceNamedError, match=r"@pytest\.mark\.app\. Services: app, db\.$"):
        check_names_a_service("t.py::t", Need(), ["db", "app"], ["db", "app"])
    with pytest.raises(NoServiceNamedError, match=re.escape('@pytest.mark.services("…")')):
        check_names_a_service("t.py::t", Need(), [], ["db"])


def test_variables_for_a_service_of_the_tests_own_are_fine() -> None:
    check_environment("t.py:5", NEED, Bounds(), (), GRAPH)
    check_environment("t.py:5", NEED, Bounds({"app": Life.SESSION}), ["other"], GRAPH)


def test_variables_for_what_lives_longer_than_the_test_name_who_keeps_it() -> None:
    with pytest.raises(SettingError, match=r"^t\.py:5: env .* a fixture of scope 'session'"):
        check_environment("t.py:5", NEED, Bounds({"db": Life.SESSION}), (), GRAPH)
    with pytest.raises(SettingError, match=r"^t\.py:5: env .* what is attached \(app\) lives"):
        check_environment("t.py:5", NEED, Bounds(), ["app"], GRAPH)
