"""Configs and secrets, wherever their content comes from."""

from __future__ import annotations

import pytest

from harness.errors import ServiceStartError

from .lab import Lab, file_in

CONTENT = "cost=$5\n${NOT_A_VARIABLE} $HOME\n"


def test_configs_and_secrets_are_in_the_container_before_it_starts(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_PASSWORD", "pa$$word $x")
    lab.write("compose/from.file", "from a file $5\n")
    lab.compose("""
    services:
      app:
        <<: *sleeper
        command: sh -c 'cat /etc/app/it.conf /run/secrets/password; echo; exec sleep infinity'
        configs:
          - by_content
          - {source: by_content, target: /etc/app/it.conf, mode: 0400, uid: "12", gid: "34"}
          - {source: by_file, target: /etc/app/file.conf}
          - {source: by_environment, target: /etc/app/env.conf}
        secrets:
          - password
          - {source: password, target: other, mode: 0440}
          - {source: by_file, target: /etc/app/secret}
    configs:
      by_content: {content: "cost=$$5\\n$${NOT_A_VARIABLE} $$HOME\\n"}
      by_file: {file: from.file}
      by_environment: {environment: A_PASSWORD}
    secrets:
      password: {environment: A_PASSWORD}
      by_file: {file: from.file}
    """)
    app = lab.container("app")
    assert app.logs() == CONTENT + "pa$$word $x\n"
    assert file_in(app, "/by_content") == CONTENT
    for path in ("/run/secrets/password", "/run/secrets/other", "/etc/app/env.conf"):
        assert file_in(app, path) == "pa$$word $x"
    for path in ("/etc/app/file.conf", "/etc/app/secret"):
        assert file_in(app, path) == "from a file $5\n"
    modes = app.exec(
        ["stat", "-c", "%a %u %g", "/by_content", "/etc/app/it.conf", "/run/secrets/other"]
    )
    assert modes.output.splitlines() == ["444 0 0", "400 12 34", "440 0 0"]


def test_the_content_may_come_from_the_env_file_of_the_project(lab: Lab) -> None:
    lab.write("compose/.env", "A_TOKEN=from .env\n")
    lab.compose("""
    services:
      app: {<<: *sleeper, secrets: [token], configs: [token, interpolated]}
    configs: {token: {environment: A_TOKEN}, interpolated: {content: "<${A_TOKEN}>"}}
    secrets: {token: {environment: A_TOKEN}}
    """)
    app = lab.container("app")
    assert file_in(app, "/run/secrets/token") == "from .env"
    assert file_in(app, "/token") == "from .env"
    assert file_in(app, "/interpolated") == "<from .env>"


def test_each_replica_and_each_restart_has_them(lab: Lab) -> None:
    lab.compose("""
    services: {app: {<<: *sleeper, init: true, scale: 2, configs: [it]}}
    configs: {it: {content: here}}
    """)
    one, two = lab.up("app").containers("app")
    assert file_in(one, "/it") == file_in(two, "/it") == "here"
    one.restart()
    assert file_in(one, "/it") == "here"


def test_a_read_only_container_takes_them_from_files_alone(lab: Lab) -> None:
    lab.write("compose/from.file", "from a file")
    lab.compose("""
    services:
      app: {<<: *sleeper, read_only: true, configs: [by_file]}
      refused: {<<: *sleeper, read_only: true, configs: [by_content]}
    configs: {by_file: {file: from.file}, by_content: {content: "x"}}
    """)
    assert file_in(lab.container("app"), "/by_file") == "from a file"
    with pytest.raises(ServiceStartError, match=r"it is read_only, so /by_content can only come"):
        lab.up("refused")


def test_a_secret_from_a_variable_that_is_not_set_is_an_error(lab: Lab) -> None:
    lab.compose("""
    services: {app: {<<: *sleeper, secrets: [it]}, other: {<<: *sleeper}}
    secrets: {it: {environment: NOBODY_SETS_THIS}}
    """)
    assert lab.container("other").status == "running"
    with pytest.raises(ServiceStartError, match="variable NOBODY_SETS_THIS, which is not set"):
        lab.up("app")
