"""The variables that services of a compose project are told as processes."""

from __future__ import annotations

import json
import socket
from contextlib import closing

import pytest

from harness import SettingError
from harness.container import Container
from tests.process.lab import CHAIN, ProcessLab


def told(container: Container) -> dict[str, str]:
    info = container.network_info[0]
    with closing(socket.create_connection((info.hostname, info.host_port), timeout=10)) as link:
        found: dict[str, str] = json.loads(b"".join(iter(lambda: link.recv(9999), b"")))
        return found


def test_a_service_is_told_where_what_it_depends_on_listens(plab: ProcessLab) -> None:
    plab.compose(CHAIN)

    lease = plab.up("second")

    first = lease.containers("first")[0].port(8080)
    variables = told(lease.containers("second")[0])
    assert variables["FIRST_URL"] == f"http://127.0.0.1:{first}/path"
    assert (variables["FIRST_HOST"], variables["FIRST_PORT"]) == ("127.0.0.1", str(first))
    assert variables["FIRST_USER"] == "first"


def test_variables_of_a_test_come_first_and_the_process_entry_wins(plab: ProcessLab) -> None:
    plab.compose(
        """
        app:
          image: none
          ports: ["8080"]
          environment: {ONE: compose, TWO: compose, DOLLAR: "a$$b"}
          x-harness:
            process:
              command: [./tell]
              environment: {TWO: "on $${PORT}", ME: "$${app.host}:$${app.port_8080}"}
        """
    )

    app = plab.container("app", env={"app": {"ONE": "test"}})

    variables = told(app)
    port = app.port(8080)
    assert variables["ONE"] == "test"
    assert variables["TWO"] == f"on {port}"
    assert variables["ME"] == f"127.0.0.1:{port}"
    assert variables["DOLLAR"] == "a$b"


def test_files_of_variables_are_read_by_compose(plab: ProcessLab) -> None:
    plab.compose(
        """
        app:
          image: none
          ports: ["8080"]
          env_file: [app.env]
          x-harness: {process: {command: [./tell]}}
        """
    )
    (plab.root / "compose/app.env").write_text("FROM_FILE='a value'\n")

    assert told(plab.container("app"))["FROM_FILE"] == "a value"


def test_an_ambiguous_variable_is_told_with_its_line(plab: ProcessLab) -> None:
    plab.compose(
        CHAIN.replace('    FIRST_PORT: "8080"\n', "").replace("    FIRST_URL:", "    OTHER_URL:")
    )

    with pytest.raises(SettingError) as error:
        plab.up("second")

    line = (plab.root / "compose/app.yml").read_text().splitlines().index("      FIRST_HOST: first")
    assert f"compose/app.yml:{line + 1}: the variable FIRST_HOST" in str(error.value)
    assert "x-harness: {process: {environment: {FIRST_HOST: '$${first.host}'}}}" in str(error.value)
