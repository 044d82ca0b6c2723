"""What is said of a host port that somebody else has."""

from __future__ import annotations

import pytest

from harness.model.project import parse_service
from harness.stack.taken import is_port_taken, told_as_taken

REFUSAL = "Bind for 127.0.0.1:20001 failed: port is already allocated"


def told(**keys: object) -> str:
    service = parse_service("app", {"image": "none", **keys}, "compose/app.yml:2")
    return told_as_taken(service, REFUSAL, lambda port: f"the holder of {port}")


def test_a_port_that_the_compose_file_fixes_names_the_key() -> None:
    message = told(**{"x-harness": {"fixed": True}})

    assert "wants host port 20001, which its compose file fixes" in message
    assert "taken by the holder of 20001. Stop what holds it, or remove `fixed`" in message


def test_a_port_that_was_chosen_has_nothing_to_do_with_the_compose_file() -> None:
    message = told(scale=2)

    assert "wants host port 20001, which was free when it was chosen" in message
    assert "taken by now by the holder of 20001. Run again" in message
    assert "fixed" not in message


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (REFUSAL, True),
        ("listen tcp4 0.0.0.0:80: bind: address already in use", True),
        ("no such image", False),
    ],
)
def test_a_taken_port_is_told_from_other_refusals(refusal: str, expected: bool) -> None:
    assert is_port_taken(refusal) is expected
