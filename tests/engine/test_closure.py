from __future__ import annotations

import pytest

from .lab import Lab

SYSTEM = """
services:
  short:      {<<: *sleeper, depends_on: [plain]}
  long:
    <<: *sleeper
    depends_on:
      plain: {condition: service_started}
      checked: {condition: service_healthy}
      job: {condition: service_completed_successfully}
      extra: {condition: service_started, required: false}
  plain:      {<<: *sleeper}
  checked:    {<<: *sleeper, healthcheck: {test: ["CMD", "true"], interval: 1h}}
  job:        {<<: *sleeper, command: ["true"]}
  extra:      {<<: *sleeper}
  linking:    {<<: *sleeper, links: ["plain:db"]}
  mounting:   {<<: *sleeper, volumes_from: ["keeper:ro"]}
  keeper:     {<<: *sleeper, volumes: [/data]}
  networked:  {<<: *sleeper, network_mode: "service:plain"}
  ipc:        {<<: *sleeper, ipc: "service:sharing"}
  sharing:    {<<: *sleeper, ipc: shareable}
  pid:        {<<: *sleeper, pid: "service:plain"}
  chained:    {<<: *sleeper, depends_on: [short]}
  profiled:   {<<: *sleeper, profiles: [debug]}
  beside:     {<<: *sleeper, image: "nobody.invalid/needs:this", depends_on: [long]}
  unset:      {<<: *sleeper, image: "${NOBODY_SETS_THIS:?}", env_file: missing.env}
"""


@pytest.mark.parametrize(
    ("named", "created"),
    [
        ("chained", "short plain"),
        ("long", "plain checked job extra"),
        ("linking mounting networked ipc pid", "plain keeper sharing"),
        ("profiled", ""),
    ],
    ids=["short form", "long form", "inferred by Compose", "with a profile"],
)
def test_only_what_a_test_names_and_what_that_reaches_is_created(
    lab: Lab, named: str, created: str
) -> None:
    lab.compose(SYSTEM)
    lease = lab.up(*named.split())
    assert lab.created() == {*named.split(), *created.split()}
    assert {c.service for c in lease.all_containers()} == lab.created()


def test_two_services_share_what_both_depend_on(lab: Lab) -> None:
    lab.compose(SYSTEM)
    lease = lab.up("short", "linking")
    assert [c.service for c in lease.all_containers()] == ["plain", "linking", "short"]


def test_a_dependency_that_is_not_required_fails_nobody(lab: Lab) -> None:
    lab.compose("""
    services:
      app:
        <<: *sleeper
        depends_on:
          broken: {condition: service_healthy, required: false}
      broken: {<<: *sleeper, command: ["false"], healthcheck: {test: ["CMD", "true"]}}
    """)
    assert lab.container("app").status == "running"


def test_only_the_networks_and_volumes_of_the_closure_are_made(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, networks: [front], volumes: ["data:/data"]}
      other: {<<: *sleeper, networks: [back], volumes: ["rest:/rest"]}
    networks: {front: {}, back: {}}
    volumes: {data: {}, rest: {}}
    """)
    lab.up("app")
    made = {name.rpartition("_")[2] for name in lab.left() if not name.startswith("container")}
    assert made == {"front", "data"}


def test_a_service_that_is_asked_for_later_joins_the_stack(lab: Lab) -> None:
    lab.compose(SYSTEM)
    lease = lab.up("plain")
    plain = lease.containers("plain")[0]
    chained = lease.containers("chained")[0]
    assert lab.created() == {"plain", "short", "chained"}
    assert lease.containers("plain")[0].id == plain.id
    project = "com.docker.compose.project"
    assert chained.labels[project] == plain.labels[project]
    assert chained.exec(["getent", "hosts", "plain"]).exit_code == 0
