"""What is known of a test's services when it has failed: what an engine was asked for. Inert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.engine.protocol import Snapshot
from harness.observe.lines import Line


@dataclass(frozen=True, slots=True)
class Witness:
    """A container that a test had.

    Attributes:
        container: Its id.
        name: Its name.
        label: What it is called: its service, of replicas with their number.
        service: Its service.
        stack: The project name of its stack.
        own: Whether it was made for this test.
    """

    container: str
    name: str
    label: str
    service: str
    stack: str
    own: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """What the engine tells of a container.

    Attributes:
        witness: The container.
        snapshot: How it is; None where it does not exist any more.
        memory_peak: The most memory that it had, in bytes, if that is known.
        lines: What it wrote.
        ended: When it ended, in seconds since the epoch by this machine's clock; 0 if it runs.
    """

    witness: Witness
    snapshot: Snapshot | None = None
    memory_peak: int | None = None
    lines: Sequence[Line] = ()
    ended: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a test's services.

    Attributes:
        statements: What the engine told of each container.
        disturbed: What neither the test nor the harness did to them.
        wanted: The services that the test asks for, where their start has failed.
        error: What that start has failed with.
        lost: Whether the engine went away: what containers did follows from that.
    """

    statements: Sequence[Statement] = ()
    disturbed: Sequence[str] = ()
    wanted: frozenset[str] = field(default_factory=frozenset)
    error: str = ""
    lost: bool = False

    def joined(self, other: Evidence) -> Evidence:
        """Return this with what is known of other services."""
        return Evidence(
            [*self.statements, *other.statements],
            [*dict.fromkeys([*self.disturbed, *other.disturbed])],
            self.wanted | other.wanted,
            self.error or other.error,
            self.lost or other.lost,
        )
