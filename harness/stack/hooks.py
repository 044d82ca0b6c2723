"""Lifecycle hooks of services (Compose specification, ``post_start`` and ``pre_stop``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from harness.container import Container
from harness.engine.protocol import Engine
from harness.errors import ServiceStartError
from harness.model.project import Service, unescaped


def run_hooks(
    engine: Engine, container: Container, service: Service, kind: Literal["post_start", "pre_stop"]
) -> None:
    """Run the hooks of one kind in a container, in the order of the compose file.

    Raises:
        ServiceStartError: One ended with another exit code than 0; those after it did not run.
    """
    for hook in service.config.get(kind) or ():
        _run(engine, container, kind, hook)


def _run(engine: Engine, container: Container, kind: str, hook: Mapping[str, Any]) -> None:
    result = engine.exec(
        container.id,
        [unescaped(word) for word in hook["command"]],
        user=hook.get("user") or "",
        workdir=hook.get("working_dir"),
        privileged=bool(hook.get("privileged")),
        environment={
            name: unescaped(value)
            for name, value in (hook.get("environment") or {}).items()
            if value is not None
        },
    )
    if result.exit_code != 0:
        raise ServiceStartError(
            f"the {kind} hook {hook['command']} of service {container.service!r} ended with "
            f"exit code {result.exit_code}: {result.output.strip() or 'it wrote nothing'}"
        )
