"""Host ports that somebody else has, by what an engine says when it refuses a start."""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.model.project import Service

# the ways in which engines say that a host port is taken
_TAKEN = ("port is already allocated", "address already in use", "Ports are not available")
_PORT = re.compile(r":(\d+)(?: failed|: bind)")


def is_port_taken(refusal: str) -> bool:
    """Whether an engine refused a start since a host port is taken."""
    return any(words in refusal for words in _TAKEN)


def told_as_taken(service: Service, refusal: str, holder_of: Callable[[int], str]) -> str:
    """Return the message for a service that wants a host port which somebody else has.

    Args:
        service: The service.
        refusal: What the engine said.
        holder_of: Returns who has a port, ``""`` if nobody knows.
    """
    found = _PORT.search(refusal)
    port = int(found[1]) if found else 0
    holder = holder_of(port) if port else ""
    by = f" by {holder}" if holder else ""
    wanted = f"host port {port}" if port else "a host port"
    if not service.fixed:
        return (
            f"{service.called} wants {wanted}, which was free when it was chosen, but is taken by "
            f"now{by}. Run again; if it comes again, see what takes ports on this machine. The "
            f"engine said: {refusal}"
        )
    return (
        f"{service.called} wants {wanted}, which its compose file fixes "
        f"(x-harness: {{fixed: true}}), but it is taken{by}. Stop what holds it, or remove "
        f"`fixed` and let the harness choose a port. The engine said: {refusal}"
    )
