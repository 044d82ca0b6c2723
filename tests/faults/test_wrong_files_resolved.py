"""Whatever Compose makes of wrong compose files: a plan, or an error of the harness's own."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given

from harness.engine.find import find_compose
from harness.engine.resolve import resolve
from harness.errors import HarnessError
from harness.masking import Masker, variables_of
from harness.model.isolation import Isolation
from harness.model.project import Project
from harness.plan import secrets
from harness.plan.checks import check_env_files, check_references, check_sense, written_to
from harness.plan.elsewhere import Elsewhere
from harness.plan.extension import check_project_extensions, check_resolved_extension
from harness.plan.keys import needs_compose_start
from harness.plan.kinds import kind_of
from harness.plan.lives import Rules
from harness.plan.order import start_graph
from harness.plan.stackfile import Choices, stack_document
from harness.plan.subnets import fixed_subnets, room_wanted
from harness.plan.turns import exclusive
from harness.plan.variables import check_variables, find_unset
from harness.source import Source, discover

from ..generated import examples
from ..wrong_input import projects, put, written


@examples(40)
@given(projects(most=2))
def test_what_compose_resolves_is_planned_or_refused(document: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as temporary, suppress(HarnessError):
        root = Path(temporary)
        put(root, {"a.yml": written(document)})
        source = discover(root)
        if source is not None:
            folder = root / "folder"
            folder.mkdir()
            project = resolve(find_compose(), source, folder)
            check_project_extensions(project)
            Rules(
                Isolation.FRESH,
                {s.name: i for s in project.services.values() if (i := s.isolation)},
            )
            for name in project.services:
                with suppress(HarnessError):
                    plan(source, project, name)


def plan(source: Source, project: Project, name: str) -> None:
    """Do with a service what is done before it is created."""
    services = project.closure([name])
    assert secrets.names(project)
    Masker(variables_of(secrets.environments(project)), secrets.names(project))
    check_variables(find_unset(source, project, services))
    check_references(project, services)
    check_sense(services)
    check_env_files(services, lambda path: Path(path).exists())
    for service in services:
        check_resolved_extension(service)
        assert service.replicas >= 0
        assert service.image or service.builds or service.config.get("provider")
    ports = {s.name: [None] * len(s.ports) for s in services}
    document = stack_document(project, services, Choices({"a": "b"}, "127.0.0.1", ports))
    written_to(project, services)
    exclusive(project, services, Elsewhere())
    room_wanted(project, services)
    fixed_subnets(project)
    assert start_graph(services)
    if not needs_compose_start(services):
        for service in services:
            kind_of(service.name, document, {"a": "b"}, "sha256:0", {})
