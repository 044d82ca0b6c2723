"""What a service's configuration comes to: two that are the same can stand for each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from harness.model.project import Service
from harness.plan.need import Environment


def digest(service: Service, environment: Mapping[str, str], image: str | None) -> str:
    """Return a digest of all that makes a service's container what it is.

    Args:
        service: The service, resolved.
        environment: Variables given on top of its own.
        image: The id of its image.
    """
    whole = [service.config, sorted(environment.items()), image]
    return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()[:16]


def environment_digest(environment: Environment) -> str:
    """Return a digest of the variables that a test gives its services, ``""`` for none.

    It tells whether two tests give the same ones, and not which: they may be secret, and four
    digits are too few to try passwords on.
    """
    return hashlib.sha256(repr(environment).encode()).hexdigest()[:4] if environment else ""
