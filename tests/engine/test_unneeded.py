"""What is wrong with services that nobody needs is nobody's error."""

from __future__ import annotations

import pytest

from harness.engine.cli import Compose, Finished
from harness.errors import ComposeFileError, MissingVariableError, UnknownServiceError

from .lab import Lab

OTHERS = """
x-common: &common {TOKEN: "${TOKEN:?}"}
services:
  app:
    <<: *sleeper
    environment: {LEVEL: "${LEVEL:-5}", MODE: "${MODE:?}"}
  other:
    <<: *sleeper
    container_name: one
    environment: *common
    volumes: ["${DATA:?}:/data", "${D}:/x", "named:/named"]
    stop_grace_period: ${GRACE:?}
    healthcheck: {test: ["CMD", "true"], interval: "${EVERY:?}s", timeout: "${LONG}"}
    privileged: ${PRIVILEGED}
    scale: ${SCALE}
    mem_limit: ${MEMORY}
    cpus: ${CPUS}
    ports: ["${PORT}", "${LEVEL:?}:80"]
    pull_policy: ${POLICY}
  twin: {<<: *sleeper, container_name: one, profiles: [twin]}
  astray: {<<: *sleeper, volumes: ["nowhere:/x"]}
volumes: {named: {name: "${NAME:?}"}}
"""


def test_variables_names_and_volumes_of_others_are_nobodys_error(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERY", "")
    lab.compose(OTHERS)
    lab.write("compose/.env", "MODE=mine\n")
    calls: list[int] = []
    run = Compose.run

    def counted(compose: Compose, *args: object, **options: object) -> Finished:
        done = run(compose, *args, **options)  # type: ignore[arg-type]
        calls.append(done.code)
        return done

    monkeypatch.setattr(Compose, "run", counted)
    project = lab.yard.project
    # two for EVERY, which is set and empty; one asks what .env holds; the rest of all variables
    # is asked for in one
    assert len(calls) <= 6
    monkeypatch.undo()

    app = lab.container("app")
    assert app.exec(["sh", "-c", "echo $LEVEL $MODE"]).output.split() == ["5", "mine"]
    assert lab.created() == {"app"}
    for service, told in {
        "other": r"compose/app\.yml:\d+: the variable DATA has no value; `volumes` of service",
        "astray": "service 'astray' uses the volume 'nowhere', which no compose file defines",
    }.items():
        with pytest.raises((MissingVariableError, ComposeFileError), match=told):
            lab.yard.check(project.closure([service]))


def test_services_of_a_file_that_only_compose_can_include(lab: Lab) -> None:
    lab.compose(
        """
        include: ["${SUB:-../sub}/hidden.yml"]
        services:
          app: {<<: *sleeper, depends_on: [hidden], x-harness: {ready: {timeout: "${T:-9s}"}}}
          stray: {<<: *sleeper, depends_on: [hiden]}
        """
    )
    lab.compose("services: {hidden: {<<: *sleeper}}", "sub/hidden.yml")
    lab.up("app")
    assert lab.created() == {"app", "hidden"}
    lab.up("hidden")
    with pytest.raises(UnknownServiceError, match=r"'hiddn'. Did you mean 'hidden'"):
        lab.up("hiddn")
    with pytest.raises(ComposeFileError, match=r"'stray' uses the service 'hiden'.*'hidden'"):
        lab.up("stray")
