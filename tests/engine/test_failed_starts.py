"""A start that failed is not tried again in the same run."""

from __future__ import annotations

import pytest

from harness.errors import HarnessError, ServiceDiedError, StartFailedBeforeError

from .lab import Lab

BROKEN = """
services:
  app: {<<: *sleeper, depends_on: {db: {condition: service_completed_successfully}}}
  db:
    <<: *sleeper
    command: sh -c 'echo x >>/told/starts; exit $${CODE:-3}'
    volumes: [".:/told"]
  other: {<<: *sleeper, depends_on: {db: {condition: service_completed_successfully}}}
  fine: {<<: *sleeper}
"""


def starts(lab: Lab) -> int:
    return len((lab.root / "compose" / "starts").read_text().splitlines())


def test_the_same_start_fails_at_once_and_names_the_first_test(lab: Lab) -> None:
    lab.compose(BROKEN)
    with pytest.raises(ServiceDiedError):
        lab.up("app", test="test_it.py::test_first")
    with pytest.raises(StartFailedBeforeError) as failed:
        lab.up("app", "db", test="test_it.py::test_second")
    assert str(failed.value).startswith("as in test_it.py::test_first: ")
    assert "service 'db' exited with code 3" in str(failed.value)
    assert starts(lab) == 1
    assert lab.container("fine").status == "running"


def test_another_closure_and_another_environment_are_tried(lab: Lab) -> None:
    lab.compose(BROKEN)
    with pytest.raises(ServiceDiedError, match="code 3"):
        lab.up("app")
    with pytest.raises(ServiceDiedError, match="code 3"):
        lab.up("other")
    with pytest.raises(ServiceDiedError, match="code 4"):
        lab.up("app", env={"db": {"CODE": "4"}})
    with pytest.raises(StartFailedBeforeError, match="code 4"):
        lab.up("app", env={"db": {"CODE": "4"}})
    assert lab.up("app", env={"db": {"CODE": "0"}}).containers("app")[0].status == "running"
    assert starts(lab) == 4


def test_a_new_image_is_tried(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *idle, build: app}}")
    lab.dockerfile('ENTRYPOINT ["false"]')
    with pytest.raises(ServiceDiedError):
        lab.up("app")
    lab.dockerfile()
    lab.yard.images._ready.clear()
    lab.yard.images.ensure([lab.yard.project.service("app")])
    assert lab.container("app").status == "running"


def test_on_demand_each_start_is_tried(lab: Lab) -> None:
    lab.settings["retry_start"] = True
    lab.compose(BROKEN)
    for _ in range(2):
        with pytest.raises(ServiceDiedError):
            lab.up("app")
    assert starts(lab) == 2


def test_a_service_that_could_not_join_does_not_take_the_stack_with_it(lab: Lab) -> None:
    lab.compose(BROKEN)
    lease = lab.up("fine")
    with pytest.raises(HarnessError):
        lease.containers("app")
    assert lease.containers("fine")[0].status == "running"
