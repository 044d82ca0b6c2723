"""Logs of several containers become one."""

from __future__ import annotations

from harness.masking import Masker
from harness.observe.lines import Line, merged, read_log

AT = 1764072000.0


def stamp(seconds: float) -> str:
    return f"2025-11-25T12:00:{seconds:012.9f}Z"


def log(*lines: tuple[float, str]) -> str:
    return "".join(f"{stamp(at)} {text}\n" for at, text in lines)


def read(text: str, mask: Masker | None = None) -> list[tuple[float, str]]:
    return [
        (round(line.at - AT, 3), line.text)
        for line in read_log("app", text, (mask or Masker()).mask)
    ]


def test_lines_are_read_with_their_times() -> None:
    assert read(log((0.5, "one"), (1.25, ""), (2, "two  words"))) == [
        (0.5, "one"),
        (1.25, ""),
        (2, "two  words"),
    ]


def test_codes_of_a_terminal_and_returns_are_left_out() -> None:
    assert read(log((1, "\x1b[31mERROR\x1b[0m \x07red\r"))) == [(1, "ERROR red")]
    # codes of one byte, and what turns the text after it round
    assert read(log((1, "\x9b31mERROR\x9b0m \x85\u202ered\u2069"))) == [(1, "ERROR red")]


def test_what_has_no_time_goes_with_the_line_before_it() -> None:
    assert read(log((1, "one")) + "went on without a time\n") == [
        (1, "one"),
        (1, "went on without a time"),
    ]


def test_a_secret_in_a_line_is_masked() -> None:
    mask = Masker([("DB_PASSWORD", "a-long-password")])

    assert read(log((1, "with a-long-password"), (2, "DB_PASSWORD=short")), mask) == [
        (1, "with ***"),
        (2, "DB_PASSWORD=***"),
    ]


def test_a_secret_of_several_lines_is_masked_and_the_others_keep_their_times() -> None:
    mask = Masker([("TLS_KEY", "secret one\nsecret two")])
    lines = log((1, "before"), (2, "TLS_KEY: |"), (3, "  secret"), (4, "  again"), (5, "after"))

    assert read(lines, mask) == [(1, "before"), (2, "TLS_KEY: ***"), (5, "after")]


def test_logs_are_merged_by_time_and_lines_of_one_keep_their_order() -> None:
    one = [Line(3.0, "a", "third"), Line(1.0, "a", "first"), Line(3.0, "a", "fourth")]
    two = [Line(2.0, "b", "second")]

    assert [line.text for line in merged([one, two])] == ["first", "second", "third", "fourth"]
