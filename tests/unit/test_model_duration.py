from __future__ import annotations

import pytest

from harness.model.duration import seconds


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (90, 90.0),
        (0.5, 0.5),
        (0, 0.0),
        ("90", 90.0),
        ("1.5", 1.5),
        ("90s", 90.0),
        (" 1m30s ", 90.0),
        ("1h2m3s", 3723.0),
        ("500ms", 0.5),
        ("250us", 0.00025),
        ("1.5h", 5400.0),
    ],
)
def test_a_duration_is_read_as_compose_writes_it(value: object, expected: float) -> None:
    assert seconds(value) == pytest.approx(expected)


@pytest.mark.parametrize(
    "value",
    ["", "s", "1x", "1m 30s", "-1", "-1s", -1, "inf", "nan", float("nan"), True, None, [1], {}],
)
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        seconds(value)
