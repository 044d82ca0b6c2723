"""What is found out about a test's services: verdict, chain, log and states. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.errors import masked
from harness.observe.anomaly import first_anomaly
from harness.observe.chain import Failed, chain, failed_service
from harness.observe.event import Event
from harness.observe.evidence import Evidence, Statement
from harness.observe.incidents import Incident, incidents
from harness.observe.lines import Line, merged
from harness.observe.notes import notes
from harness.observe.state import GONE, State, health_of
from harness.observe.verdict import bad_answers, ready_times, still_starting, verdict


@dataclass(frozen=True, slots=True)
class Span:
    """The time of a test.

    Attributes:
        began: When it began, in seconds since the epoch.
        ended: When it failed, or ended.
        called: What that moment is called in a sentence.
    """

    began: float
    ended: float
    called: str = "the failure"


@dataclass(frozen=True, slots=True)
class Findings:
    """What is found out about a test's services.

    Attributes:
        verdict: Sentences on what they did, the most telling first.
        chain: Of a failed start, who waited for whom.
        lines: What they wrote, and what happened to them, in time order.
        anomaly: The place of the first line that says that something went wrong.
        states: How each was.
        told: The services whose last lines an error tells already.
    """

    verdict: Sequence[str] = ()
    chain: Sequence[str] = ()
    lines: Sequence[Line] = ()
    anomaly: int | None = None
    states: Mapping[str, State] = field(default_factory=dict)
    told: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is anything to be told."""
        return bool(self.verdict or self.chain or self.lines or self.states)


def findings(events: Sequence[Event], evidence: Evidence, span: Span) -> Findings:
    """Find out what a test's services did.

    Args:
        events: Events of the run, in time order.
        evidence: What the engine was asked for.
        span: The time of the test.
    """
    found = evidence.statements
    labels = {t.witness.container: t.witness.label for t in found}
    ready = ready_times(events, labels)
    befell = _befell(events, found, span.began)
    lines = _lines(events, found, befell, span)
    failed: Failed | None = None
    if evidence.error:
        stacks = {t.witness.stack for t in found}
        failed = failed_service(events, stacks, evidence.error)
    return Findings(
        verdict=[] if evidence.error else _verdict(events, evidence, befell, lines, ready, span),
        chain=chain(events, evidence.wanted, failed, evidence.error) if failed else [],
        lines=lines,
        anomaly=first_anomaly(lines, ready),
        states={t.witness.label: _state(events, t) for t in found},
        told=frozenset(
            t.witness.label for t in found if failed and t.witness.container == failed.container
        ),
    )


def _befell(events: Sequence[Event], found: Sequence[Statement], began: float) -> list[Incident]:
    """Return what containers did unasked; the ones of others' use only while the test ran."""
    stacks = {t.witness.stack: t.witness.own for t in found}
    containers = {t.witness.container for t in found}
    own = incidents(events, {name for name, own in stacks.items() if own})
    others = incidents(events, {name for name, own in stacks.items() if not own}, began)
    memory = {t.witness.container for t in found if t.snapshot and t.snapshot.oom_killed}
    told = sorted((i for i in [*own, *others] if i.container in containers), key=lambda i: i.at)
    return [i.because_of_memory() if i.container in memory else i for i in told]


def _lines(
    events: Sequence[Event], found: Sequence[Statement], befell: Sequence[Incident], span: Span
) -> list[Line]:
    own = {t.witness.container: t.witness.label for t in found if t.witness.own}
    others = {t.witness.container: t.witness.label for t in found if not t.witness.own}
    told = [line for line in notes(events, others, befell) if line.at >= span.began]
    return merged([*(t.lines for t in found), notes(events, own, befell), told])


def _verdict(
    events: Sequence[Event],
    evidence: Evidence,
    befell: Sequence[Incident],
    lines: Sequence[Line],
    ready: Mapping[str, float],
    span: Span,
) -> list[str]:
    if evidence.lost and evidence.disturbed:
        return [*evidence.disturbed]
    containers = {t.witness.container for t in evidence.statements}
    during = span.began, span.ended
    starting = still_starting(events, lines, containers, ready, during)
    answers = bad_answers(lines, ready, during)
    ended = {t.witness.container: t.ended for t in evidence.statements}
    exact = [incident.no_later_than(ended.get(incident.container, 0.0)) for incident in befell]
    return [*evidence.disturbed, *verdict(exact, starting, answers, span.ended, span.called)]


def _state(events: Sequence[Event], statement: Statement) -> State:
    witness, seen = statement.witness, statement.snapshot
    if seen is None:
        return State("", GONE, None, None, False, 0, None, (), witness.stack, witness.name)
    checked = seen.check is not None and seen.status in {"running", "paused"}
    return State(
        image=masked(seen.image),
        status=seen.status,
        health=health_of(events, witness.container) if checked else None,
        exit_code=seen.exit_code if seen.finished else None,
        oom=seen.oom_killed,
        restarts=seen.restarts,
        memory_peak=statement.memory_peak,
        ports=tuple(f"{b.container_port} -> {b.host_ip}:{b.host_port}" for b in seen.bindings),
        stack=witness.stack,
        container=witness.name,
    )
