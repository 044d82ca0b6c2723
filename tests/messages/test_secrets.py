"""What is secret is in no message, no log line, and no report."""

from __future__ import annotations

from .project import FOREVER, IMAGE, Project

SECRET = "correct-horse-battery-staple"
DYING = f"""
    app:
      image: {IMAGE}
      command: sh -c 'env | sort; echo "login as app with $$DB_PASSWORD failed"; exit 3'
      environment: {{DB_PASSWORD: "${{SECRET_OF_CI}}", DB_USER: app, PIN_TOKEN: "1234"}}
      ports: ["80"]
    """


def test_a_container_that_dies_printing_its_environment_tells_no_secret(project: Project) -> None:
    project.services(DYING)
    project.test_of("app")

    outcome = project.run("--junit-xml=report.xml", env={"SECRET_OF_CI": SECRET})

    assert "service 'app' exited with code 3" in outcome.message
    assert "    DB_PASSWORD=***\n    DB_USER=app\n" in outcome.message
    assert "    PIN_TOKEN=***\n" in outcome.message
    assert "    login as app with *** failed" in outcome.message
    for told in (outcome.text, (project.root / "report.xml").read_text()):
        assert SECRET not in told
        assert "1234" not in told


def test_what_a_test_gives_and_what_files_of_variables_give_is_hidden(project: Project) -> None:
    project.write("compose/.env", "FROM_DOTENV=dotenv-is-secret-too\n")
    project.write("compose/app.env", "FILE_TOKEN=file-is-secret-too\n")
    project.services(
        DYING.replace("${SECRET_OF_CI}", "${FROM_DOTENV}").replace(
            "ports:", "env_file: [app.env]\n      ports:"
        )
    )
    project.test(
        """
        @pytest.mark.app(env={"TEST_SECRET": "marker-is-secret-too"})
        def test_it(): pass
        """
    )

    message = project.run().message

    for name in ("DB_PASSWORD", "FILE_TOKEN", "TEST_SECRET"):
        assert f"    {name}=***\n" in message
    assert "is-secret-too" not in message


def test_an_error_that_a_test_catches_tells_no_secret(project: Project) -> None:
    project.services(DYING.replace("exit 3", "exec sleep infinity").replace('["80"]', "[]"))
    project.test(
        f"""
        import os
        import harness

        @pytest.mark.app
        def test_it(container_getter):
            app = container_getter.get("app")
            assert app.env["DB_PASSWORD"] == {SECRET!r}
            assert {SECRET!r} in app.exec(["env"]).output
            with pytest.raises(harness.HarnessError) as caught:
                container_getter.get({SECRET!r})
            assert "***" in str(caught.value)
            assert {SECRET!r} not in f"{{caught.value}} {{caught.value!r}}"
        """
    )

    outcome = project.run(env={"SECRET_OF_CI": SECRET})

    assert outcome.passed, outcome.text


def test_a_build_that_echoes_an_argument_tells_no_secret(project: Project) -> None:
    project.services(
        """
        app:
          build: {context: ../image, args: {NPM_TOKEN: "${SECRET_OF_CI}"}}
        """
    )
    project.write(
        "image/Dockerfile",
        f"""
        FROM {IMAGE}
        ARG NPM_TOKEN
        RUN echo "fetching with $NPM_TOKEN" && exit 7
        """,
    )
    project.test_of("app")

    outcome = project.run("-s", env={"SECRET_OF_CI": SECRET})

    assert "the image of 'app' could not be built" in outcome.message
    assert "fetching with ***" in outcome.message
    assert SECRET not in outcome.text


def test_a_refusal_of_compose_tells_no_secret(project: Project) -> None:
    project.services(
        f"""
        app:
          image: {IMAGE}
          mem_limit: ${{DB_PASSWORD}}
        """
    )
    project.test_of("app")

    message = project.run(env={"DB_PASSWORD": SECRET}).message

    assert "Compose refuses the compose files" in message
    assert "***" in message
    assert SECRET not in message


def test_a_password_that_is_an_ordinary_word_blots_nothing_out(project: Project) -> None:
    project.services(
        f"""
        postgres:
          image: {IMAGE}
          command: >-
            sh -c 'env | grep POSTGRES_PASSWORD; echo role postgres cannot log in as postgres;
            exit 1'
          environment: {{POSTGRES_PASSWORD: postgres, POSTGRES_USER: postgres}}
          ports: ["5432"]
        bookworm-slim-base:
          image: {IMAGE}
          command: {FOREVER}
          environment: {{SERVICE_KEY: bookworm-slim-base}}
        """
    )
    project.test("@pytest.mark.services('postgres', 'bookworm-slim-base')\ndef test_it(): pass\n")

    message = project.run().message

    assert "compose/app.yml:2: service 'postgres' exited with code 1" in message
    assert "    POSTGRES_PASSWORD=***\n" in message
    assert "    role postgres cannot log in as postgres" in message
