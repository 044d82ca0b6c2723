"""What a run says at its end about sharing."""

from __future__ import annotations

import pytest

from .sharing import Sharing

SLOW = {"healthcheck": {"test": ["CMD", "test", "-e", "/up"]}}
SAVED = "harness: 3 tests started the same service app: harness_isolation = shared would have *"


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "two workers"])
def test_the_summary_says_what_sharing_would_have_saved(team: Sharing, workers: list[str]) -> None:
    team.service("app", command=["sh", "-c", "sleep 1.5; touch /up; sleep infinity"], **SLOW)
    team.tests(
        """
        import pytest
        from notes import saw

        @pytest.mark.parametrize("number", range(3))
        def test_it(app, number): saw(app)
        """
    )
    told = team.passes("--harness-ahead=0", *workers, passed=3)
    told.stdout.fnmatch_lines([SAVED])


def test_nothing_is_said_where_nothing_would_be_saved(team: Sharing) -> None:
    team.service("app", command=["sh", "-c", "sleep 1.5; touch /up; sleep infinity"], **SLOW)
    team.tests(
        """
        import pytest
        from notes import saw

        @pytest.mark.parametrize("number", range(3))
        def test_it(app, number): saw(app)
        """
    )
    told = team.passes("--harness-isolation=shared", passed=3)
    told.stdout.no_fnmatch_line("harness: * would have saved*")
