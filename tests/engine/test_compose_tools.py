"""A stack is a Compose project like any other."""

from __future__ import annotations

import json

from ..eventually import eventually
from .lab import Lab, run_compose


def test_compose_sees_a_stack_its_containers_and_their_logs(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, command: sh -c 'echo a word; exec sleep infinity', depends_on: [job]}
      job: {<<: *sleeper, command: echo done}
    """)
    app = lab.container("app")
    project = app.labels["com.docker.compose.project"]
    listed = {
        entry["Name"]: entry["Status"]
        for entry in json.loads(run_compose("ls", "-a", "--format=json"))
    }
    assert listed[project] == "exited(1), running(1)"
    shown = run_compose("-p", project, "ps", "-a", "--format", "{{.Service}} {{.State}}")
    assert sorted(shown.split("\n")) == ["", "app running", "job exited"]
    eventually(lambda: "a word" in run_compose("-p", project, "logs", "app"))
