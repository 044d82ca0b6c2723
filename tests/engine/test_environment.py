"""The environment of a service: its own, the files', the test's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lab import Lab

if TYPE_CHECKING:
    import pytest


def test_a_tests_environment_reaches_only_the_service_it_names(lab: Lab) -> None:
    lab.compose("""
    services:
      app: {<<: *sleeper, depends_on: [db], environment: {MODE: plain, KEPT: "1"}}
      db: {<<: *sleeper, environment: [MODE=plain]}
    """)
    odd = "a $b ${C} $$d \"e\" 'f' #g\nh=i é"
    lease = lab.up("app", env={"app": {"MODE": odd, "NEW": "", "$ODD": "1"}})
    (app,), (db,) = lease.containers("app"), lease.containers("db")
    assert app.env["MODE"] == odd
    assert (app.env["NEW"], app.env["KEPT"]) == ("", "1")
    assert db.env["MODE"] == "plain"
    assert "NEW" not in db.env
    lease.release()
    (app,) = lab.up("app", test="next").containers("app")
    assert app.env["MODE"] == "plain"
    assert "NEW" not in app.env


def test_a_tests_environment_reaches_a_service_that_has_none(lab: Lab) -> None:
    lab.compose("services: {app: {<<: *sleeper, scale: 2}}")
    lease = lab.up("app", env={"app": {"MODE": "test"}})
    assert [c.env["MODE"] for c in lease.containers("app")] == ["test", "test"]


def test_env_files_are_read_and_the_test_has_the_last_word(lab: Lab) -> None:
    lab.write("compose/app.env", "ONE=file $NOT\nTWO='file $$ two'\nTHREE=file\nFOUR=file\n")
    lab.compose("""
    services:
      app:
        <<: *sleeper
        env_file: [app.env, {path: missing.env, required: false}]
        environment: {THREE: own, FOUR: own}
    """)
    env = lab.container("app", env={"app": {"FOUR": "test", "TWO": "test"}}).env
    assert (env["THREE"], env["FOUR"], env["TWO"]) == ("own", "test", "test")
    assert env["ONE"] == "file "


def test_a_variable_without_value_is_passed_on(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROM_OUTSIDE", "outside $5")
    monkeypatch.delenv("FROM_NOWHERE", raising=False)
    lab.write("compose/.env", "FROM_FILE=of the folder\n")
    lab.write(".env", "FROM_FILE=of the root\nFROM_ROOT=of the root\n")
    lab.compose("""
    services:
      app:
        <<: *sleeper
        environment: {FROM_OUTSIDE: , FROM_FILE: , FROM_ROOT: , FROM_NOWHERE: }
        labels: {file: "${FROM_FILE}", root: "${FROM_ROOT}"}
    """)
    app = lab.container("app")
    assert app.env["FROM_OUTSIDE"] == "outside $5"
    assert app.env["FROM_FILE"] == app.labels["file"] == "of the folder"
    assert app.env["FROM_ROOT"] == app.labels["root"] == "of the root"
    assert "FROM_NOWHERE" not in app.env


def test_files_of_several_folders_keep_their_own_env_and_paths(lab: Lab) -> None:
    for folder in ("one", "two"):
        lab.write(f"{folder}/.env", f"WORD={folder}\n")
        lab.write(f"{folder}/own.env", f"OWN={folder}\n")
        lab.write(f"{folder}/it", folder)
        lab.compose(
            f"""
            services:
              {folder}:
                <<: *sleeper
                environment: {{WORD: , SHOWN: "${{WORD}}"}}
                env_file: own.env
                volumes: ["./it:/it"]
                secrets: [word_{folder}]
            secrets: {{word_{folder}: {{environment: WORD}}}}
            """,
            f"{folder}/compose.yml",
        )
    lab.settings["files"] = (lab.root / "one", lab.root / "two")
    lease = lab.up("one", "two")
    for folder in ("one", "two"):
        (container,) = lease.containers(folder)
        assert container.env["SHOWN"] == folder
        assert container.env["OWN"] == folder
        assert container.exec(["cat", "/it"]).output == folder
        assert container.env["WORD"] == folder
        assert container.exec(["cat", f"/run/secrets/word_{folder}"]).output == folder
