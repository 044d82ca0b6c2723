from __future__ import annotations

import pytest

from harness.source.variables import Reference, references

# A name; with "-" before it works without a value, with "?" after it is required.


def spelled(found: Reference) -> str:
    return f"{'-' if found.default else ''}{found.name}{'?' if found.required else ''}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("no dollar", ""),
        ("$A", "A"),
        ("${A}", "A"),
        ("x$A-$_b1.y", "A _b1"),
        ("${A}${B}", "A B"),
        # operators
        ("${A:-x}", "-A"),
        ("${A-x}", "-A"),
        ("${A:-}", "-A"),
        ("${A:+x}", "-A"),
        ("${A+x}", "-A"),
        ("${A:?must be set}", "A?"),
        ("${A?}", "A?"),
        # the first operator decides
        ("${A:-x:?y}", "-A"),
        ("${A?x:-y}", "A?"),
        # within another reference
        ("${A:-${B}}", "-A -B"),
        ("${A:-$B/x}$C", "-A -B C"),
        ("${A:-${B-${C:?c}}}", "-A -B -C?"),
        ("${A:?set A or $B}", "A? -B"),
        # braces are counted
        ('${A:-{"k": "$B"}}$C', "-A -B C"),
        ("${A:-x}}$B", "-A B"),
        # a doubled dollar is a dollar
        ("$$A", ""),
        ("$${A}", ""),
        ("$$$A", "A"),
        ("$$$$A", ""),
        ("${A:-$${B}}", "-A"),
        # no references
        ("$", ""),
        ("a $ b", ""),
        ("$1", ""),
        ("$-x", ""),
        ("$é", ""),
        ("$(pwd)", ""),
        # malformed: Compose says what is wrong
        ("${}", ""),
        ("${1a}", ""),
        ("${A", ""),
        ("${A:-x", ""),
        ("${A B}", ""),
        ("${A:x}", ""),
        ("${A:=x}", ""),
        ("${A.B} $C", "C"),
    ],
)
def test_references_of_a_text(text: str, expected: str) -> None:
    assert " ".join(map(spelled, references(text))) == expected


def test_what_stands_behind_the_operator_is_kept() -> None:
    found = list(references("${A:?set it} ${B:-${C:-c}} ${D-} $E"))
    assert [(f.name, f.message, f.fallback) for f in found] == [
        ("A", "set it", None),
        ("B", "", "${C:-c}"),
        ("C", "", None),
        ("D", "", ""),
        ("E", "", None),
    ]
