"""What an unquoted scalar means, and that what Compose writes is read as it was."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from harness.engine.config import read
from harness.engine.find import find_compose
from harness.source.core_schema import scalar


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("017", 17),
        ("0o17", 15),
        ("0x1f", 31),
        ("18446744073709551615", 18446744073709551615),
        ("18446744073709551616", 18446744073709551616.0),
        ("-9223372036854775808", -9223372036854775808),
        ("-9223372036854775809", -9223372036854775809.0),
        ("1e3", 1000.0),
        ("1e-999", 0.0),
        ("-.inf", float("-inf")),
        ("9" * 30, 1e30),
        # no number of 64 bits: text
        ("1234e567", "1234e567"),
        ("-.5e999", "-.5e999"),
        ("9" * 400, "9" * 400),
        ("0xdeadbeefdeadbeefdeadbeef", "0xdeadbeefdeadbeefdeadbeef"),
        ("0o2000000000000000000000", "0o2000000000000000000000"),
    ],
)
def test_a_number_is_what_64_bits_hold(text: str, expected: object) -> None:
    found = scalar(text)
    assert (type(found), found) == (type(expected), expected)


def test_text_that_compose_writes_is_the_same_text_when_it_is_read(tmp_path: Path) -> None:
    """Whoever reads a commit ``1234e567`` as a number gives its service another one."""
    made = random.Random(1)
    texts = ["1234e567", "0xdeadbeefdeadbeefdeadbeef", "1_000", "12:30", "0b11", "on", "~", "<<"]
    for _ in range(2_000):
        texts.append("".join(made.choices("0123456789abcdefxo.+-_E", k=made.randint(1, 12))))
        texts.append("".join(made.choices("0123456789e", k=8)))
        texts.append(made.choice(["0x", "0o", "0b", "-0x"]) + "1" * made.randint(1, 80))
    given = {f"V{number}": text for number, text in enumerate(texts)}
    file = tmp_path / "compose.json"
    file.write_text(json.dumps({"services": {"app": {"image": "none", "environment": given}}}))

    done = find_compose().run(["-f", str(file), "config"])

    assert done.code == 0, done.err
    assert read(done.out)["services"]["app"]["environment"] == given
