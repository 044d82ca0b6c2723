"""Lines that say that something went wrong."""

from __future__ import annotations

import pytest

from harness.observe.anomaly import first_anomaly, is_anomaly
from harness.observe.lines import Line

BAD = [
    "2025-11-25 12:00:00,123 ERROR orders: no price",
    "ERROR:root:no price",
    "[2025-11-25 12:00:00] [error] no price",
    "2025/11/25 12:00:00 [crit] 7#7: open() failed",
    "time=2025-11-25T12:00:00Z level=error msg=no",
    '{"level":"error","msg":"no price"}',
    '{"severity": "ERROR", "message": "no price"}',
    '{"level":50,"msg":"no price"}',
    '2025-11-25 12:00:00 UTC [41] FATAL:  role "app" does not exist',
    "2025-11-25 12:00:00 UTC [41] PANIC:  could not write",
    "error: no such table",
    "Error: Cannot find module 'express'",
    "Traceback (most recent call last):",
    "java.lang.IllegalStateException: no price",
    "Caused by: java.net.ConnectException: refused",
    'Exception in thread "main" java.lang.Error',
    "panic: runtime error: index out of range [3] with length 3",
    "thread 'main' panicked at src/main.rs:3:5:",
    "TypeError: Cannot read properties of undefined (reading 'price')",
    "ValueError: no price",
    "Segmentation fault (core dumped)",
    '10.0.0.1 - - [25/Nov/2025:12:00:00 +0000] "GET /x HTTP/1.1" 500 9',
]
GOOD = [
    "INFO 0 errors found",
    "INFO: no ERROR so far",
    "ERROR_LOG=/dev/stderr",
    "writing to /var/log/ERROR.log",
    "log_min_error_statement = error",
    '{"level":"info","error_count":0}',
    "level=warn msg=slow",
    "terror: none",
    "GET /errors 200 1.5 ms - 3",
    '10.0.0.1 - - [25/Nov/2025:12:00:00 +0000] "GET /ERROR HTTP/1.1" 200 9',
    "listening on 8080",
    "Fatalities of the last year",
]


@pytest.mark.parametrize("line", BAD)
def test_a_level_a_trace_or_a_panic_is_one(line: str) -> None:
    assert is_anomaly(line)


@pytest.mark.parametrize("line", GOOD)
def test_the_word_alone_is_none(line: str) -> None:
    assert not is_anomaly(line)


def test_what_a_service_writes_before_it_is_ready_counts_only_where_nothing_else_does() -> None:
    early = Line(1.0, "db", "FATAL:  the database system is starting up")
    late = Line(3.0, "app", "ERROR no price")

    assert first_anomaly([early, late], {"db": 2.0, "app": 2.0}) == 1
    assert first_anomaly([early], {"db": 2.0}) == 0
    assert first_anomaly([Line(1.0, "db", "hello")], {}) is None


def test_an_end_that_nobody_wanted_is_one_and_one_that_was_asked_for_is_none() -> None:
    assert first_anomaly([Line(1.0, "app", "[died, exit 1]", note=True)], {}) == 0
    assert first_anomaly([Line(1.0, "app", "[ended by the test, exit 137]", note=True)], {}) is None
