"""What is measured, one file a work."""

from __future__ import annotations

from bench.work import Work
from bench.works import (
    collection,
    four_services,
    growth,
    memory,
    observing,
    one_test,
    process_service,
    reset,
    share,
    ten_tests,
    twenty_services,
    unused,
)

WORKS: tuple[Work, ...] = (
    one_test.WORK,
    ten_tests.WORK,
    four_services.WORK,
    twenty_services.WORK,
    share.WORK,
    reset.WORK,
    process_service.WORK,
    unused.WORK,
    collection.WORK,
    growth.WORK,
    memory.WORK,
    observing.WORK,
)
