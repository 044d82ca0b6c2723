from __future__ import annotations

from pathlib import Path

import pytest

from harness.plan.placeholders import demanded, is_refusable, placeholder
from harness.source import Variable, discover


def uses(root: Path, *keys: str) -> tuple[Variable, ...]:
    services = (f"  s{number}: {{{key}}}\n" for number, key in enumerate(keys))
    (root / "compose.yaml").write_text(f"services:\n{''.join(services)}")
    found = discover(root)
    assert found is not None
    return found.every_variable


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("scale: $X", "10"),
        ('volumes: ["$X:/data"]', "10"),
        ("stop_grace_period: $X", "1s"),
        ('stop_grace_period: "${X}m"', "10"),
        ("healthcheck: {interval: '${X:?}'}", "1s"),
        ("privileged: $X", "false"),
        ("pull_policy: $X", "missing"),
        ("environment: {A: '${X:-a b}'}", "a b"),
        ("environment: {A: '${X:-$Y}'}", "10"),
    ],
)
def test_a_placeholder_suits_the_key(tmp_path: Path, key: str, expected: str) -> None:
    assert placeholder([v for v in uses(tmp_path, key) if v.name == "X"]) == expected


def test_a_default_elsewhere_is_the_best_placeholder(tmp_path: Path) -> None:
    assert placeholder(uses(tmp_path, "scale: $X", "cpus: '${X:-2}'")) == "2"


def test_which_variables_compose_wants_a_value_for(tmp_path: Path) -> None:
    found = uses(
        tmp_path,
        "environment: {init: $A}, scale: $B, user: '${C:?who}', cpus: '${D:-1}', init: $E, "
        "build: {no_cache: $F, target: $G}, image: '${H:-${I:?}}'",
    )
    assert demanded(found) == {"C": "who"}
    assert [v.name for v in found if is_refusable(v)] == ["B", "E", "F"]
