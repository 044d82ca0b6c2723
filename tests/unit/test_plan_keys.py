from __future__ import annotations

import pytest

from harness.model.project import parse_service
from harness.plan.keys import AppliedBy, applied_by, needs_compose_start


@pytest.mark.parametrize(
    ("key", "by"),
    [
        ("image", AppliedBy.CREATE),
        ("x-anything", AppliedBy.CREATE),
        ("post_start", AppliedBy.HARNESS),
        ("provider", AppliedBy.COMPOSE),
        ("a_key_of_tomorrow", AppliedBy.COMPOSE),
    ],
)
def test_what_the_harness_does_not_know_is_composes(key: str, by: AppliedBy) -> None:
    assert applied_by(key) is by


def test_one_service_is_enough_to_have_compose_start_the_stack() -> None:
    plain = parse_service("plain", {"image": "x", "post_start": [], "x-note": 1})
    newer = parse_service("newer", {"image": "x", "a_key_of_tomorrow": 1})
    assert not needs_compose_start([plain])
    assert needs_compose_start([plain, newer])
