"""Where the section of a report stands: what shows reports reads it there."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from harness.observe.section import add, text_without

CONFTEST = """
import pytest
from harness.observe.section import add

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        add(report, "orders died\\n\\n  the log")
    return report

@pytest.fixture
def broken():
    raise OSError("no disk")
"""
TESTS = '''
import pytest

def test_assertion(): assert 1 == 2
def test_text(): pytest.fail("as text", pytrace=False)
def test_chain():
    try:
        raise ValueError("first")
    except ValueError:
        raise KeyError("second")
def test_error(broken): pass
def test_no_fixture(nowhere): pass
def doc():
    """
    >>> 1 + 1
    3
    """
'''


@pytest.mark.parametrize("args", [[], ["-n", "1"], ["--tb=short"], ["--tb=native"]])
def test_terminal_and_junit_xml_show_it_once_for_each_failure(
    pytester: pytest.Pytester, args: list[str]
) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)

    result = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "--doctest-modules", "--junitxml=junit.xml", *args
    )

    text = "\n".join(result.outlines)
    assert text.count("orders died") == 6
    assert text.count(" services --") == 6
    cases = ET.parse(Path(pytester.path) / "junit.xml").iter("testcase")
    told = {case.get("name"): case[0].text or "" for case in cases}
    assert len(told) == 6
    assert [text.count("orders died\n\n  the log") for text in told.values()] == [1] * 6


def failed(text: str = "assert 0") -> pytest.TestReport:
    return pytest.TestReport("t::t", ("t", 0, "t"), {}, "failed", text, "call")


def test_the_text_of_a_failure_is_known_without_it() -> None:
    report = failed()

    add(report, "orders died")

    assert "orders died" in report.longreprtext
    assert text_without(report) == "assert 0"


def test_the_text_of_an_exception_is_known_without_it() -> None:
    with pytest.raises(ValueError, match="no price") as caught:
        raise ValueError("no price")
    report = failed()
    report.longrepr = caught.getrepr()
    before = report.longreprtext

    add(report, "orders died")

    # pytest-html reads the text, as junit.xml does
    assert "orders died" in report.longreprtext
    assert text_without(report) == before
    assert "orders died" in report.longreprtext
