"""How much the tests by generation try: the same in each run of CI, more and other in torture."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

TORTURE = os.environ.get("HARNESS_TORTURE") == "1"
_MORE = 20


def examples(count: int) -> settings:
    """Return a decorator for a test that tries so many examples, with HARNESS_TORTURE=1 more."""
    return settings(
        max_examples=count * _MORE if TORTURE else count,
        derandomize=not TORTURE,
        database=None,
        deadline=None,  # the machine may be busy
        suppress_health_check=[*HealthCheck],
        print_blob=TORTURE,
    )
