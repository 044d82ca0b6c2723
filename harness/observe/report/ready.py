"""Times to ready: from the begin of a container's start to when it was ready. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median, quantiles

from harness.observe.event import Kind
from harness.observe.report.model import Ready
from harness.observe.report.spans import Span


def times_to_ready(found: Iterable[Span]) -> dict[str, list[float]]:
    """Return the times to ready of each service, in seconds, in time order.

    They count from ``service.start``, and not from the creation: that is done for all services of
    a stack together, and tells nothing of one of them. A container that nobody started here (a
    kept one, or one that Compose starts) has none.

    Args:
        found: What lasted in a run, by its begin.
    """
    times: defaultdict[str, list[float]] = defaultdict(list)
    started: dict[tuple[str, str], float] = {}
    for span in found:
        container = span.event.stack, str(span.data.get("container", ""))
        if span.kind == Kind.SERVICE_START:
            started[container] = span.begin
        elif span.kind == Kind.SERVICE_WAIT and container in started:
            begin = started.pop(container)
            if span.finished and not span.error:
                times[span.event.service].append(span.end - begin)
    return dict(times)


def summary(times: Sequence[float]) -> Ready | None:
    """Return the median of times and where four of five lie; None of none."""
    if not times:
        return None
    tenths = quantiles(times, n=10, method="inclusive") if len(times) > 1 else [times[0]]
    return Ready(tuple(times), median(times), tenths[0], tenths[-1])
