"""Which compose files count, and how they become one project."""

from __future__ import annotations

from .team import Team, sleeper


def services(team: Team, *args: str) -> set[str]:
    """Return the services that are markers."""
    result = team.run("--markers", *args)
    assert result.ret == 0
    return {
        line.partition("service '")[2].partition("'")[0]
        for line in result.outlines
        if "the test needs service '" in line
    }


def test_the_files_of_the_compose_folder_are_one_project(team: Team) -> None:
    team.write("compose/one.yml", "services: {alpha: {image: a}}")
    team.write("compose/two.yaml", "services: {beta: {image: b}, gamma: {image: c}}")
    team.write("compose/deeper/three.yml", "services: {delta: {image: d}}")
    team.write("compose.yaml", "services: {omega: {image: z}}")
    assert services(team) == {"alpha", "beta", "gamma"}
    team.run("--collect-only").stdout.fnmatch_lines(["harness: 3 services from compose"])


def test_yaml_that_is_no_compose_file_is_left_out_and_listed_with_v(team: Team) -> None:
    team.services("alpha")
    team.write("compose/prometheus.yml", "global: {scrape_interval: 15s}\nscrape_configs: []")
    assert services(team) == {"alpha"}
    team.run("--collect-only").stdout.no_fnmatch_line("*prometheus*")
    team.run("--collect-only", "-v").stdout.fnmatch_lines(["harness: left out prometheus.yml: *"])


def test_without_the_folder_the_usual_file_counts_with_its_override(team: Team) -> None:
    team.write("docker-compose.yml", "services: {alpha: {image: a}}")
    team.write("docker-compose.override.yml", "services: {alpha: {image: b}, beta: {image: c}}")
    assert services(team) == {"alpha", "beta"}


def test_of_the_usual_names_the_first_counts(team: Team) -> None:
    team.write("docker-compose.yml", "services: {alpha: {image: a}}")
    team.write("compose.yaml", "services: {beta: {image: a}}")
    assert services(team) == {"beta"}


def test_without_an_ini_file_the_working_directory_is_the_projects_root(team: Team) -> None:
    team.services("alpha")
    team.write("tests/deeper/test_it.py", "def test_it(alpha): ...")
    assert team.collected("-m", "alpha", "tests/deeper") == {"test_it"}
    assert team.collected("-m", "alpha", "tests/deeper/test_it.py::test_it") == {"test_it"}


def test_the_folder_of_the_ini_file_is_the_projects_root(team: Team) -> None:
    team.services("alpha")
    team.ini("")
    team.write("tests/deeper/test_it.py", "def test_it(alpha): ...")
    team.monkeypatch.chdir(team.root / "tests")
    assert team.collected("-m", "alpha", "deeper") == {"test_it"}


def test_the_command_line_names_files_and_folders(team: Team) -> None:
    team.services("alpha")
    team.write("deploy/one.yml", "services: {beta: {image: a}}")
    team.write("other/two.yml", "services: {gamma: {image: a}}")
    team.write("other/three.yml", "services: {delta: {image: a}}")
    assert services(team, "--docker-compose", "deploy,other/two.yml") == {"beta", "gamma"}
    assert services(team, "--docker-compose=other") == {"gamma", "delta"}


def test_the_ini_file_names_files_and_folders_beside_itself(team: Team) -> None:
    team.services("alpha")
    team.write("deploy/one.yml", "services: {beta: {image: a}}")
    team.write("other/two.yml", "services: {gamma: {image: a}}")
    team.ini("harness_files =\n    deploy\n    other/two.yml\n")
    team.tests("")
    assert services(team) == {"beta", "gamma"}
    team.monkeypatch.chdir(team.root / "deploy")
    assert services(team) == {"beta", "gamma"}
    assert services(team, "--docker-compose", "one.yml") == {"beta"}


def test_a_path_that_leads_nowhere_is_told(team: Team) -> None:
    result = team.run("--docker-compose", "nowhere.yml")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: There is no compose file or folder *nowhere.yml*"])


def test_a_service_that_two_files_define_names_both_places(team: Team) -> None:
    team.write("compose/one.yml", "services:\n  alpha: {image: a}")
    team.write("compose/two.yml", "services:\n\n  alpha: {image: a}")
    result = team.run("--collect-only")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: *alpha*"])
    assert "compose/one.yml:2" in result.stderr.str()
    assert "compose/two.yml:3" in result.stderr.str()


def test_collecting_needs_no_engine_no_compose_and_no_variable(team: Team) -> None:
    team.service("alpha", image="${NOWHERE_SET:?it must be}/alpha", env_file=["nowhere.env"])
    team.monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    team.monkeypatch.setenv("PATH", "")
    team.tests("def test_it(alpha, container_getter): ...")
    assert team.collected("-m", "alpha") == {"test_it"}


def test_an_override_changes_the_file_that_it_is_named_after(team: Team) -> None:
    team.service("alpha", environment={"COLOUR": "red", "SIZE": "1"})
    team.write(
        "compose/alpha.override.yml",
        f"""
        services:
          alpha: {{environment: {{COLOUR: blue}}}}
          beta: {sleeper()}
        """,
    )
    team.tests(
        """
        def test_it(alpha, beta):
            env = alpha.container.env
            assert (env["COLOUR"], env["SIZE"]) == ("blue", "1")
        """
    )
    assert "compose/alpha.yml:2" in team.marker_lines()["alpha"]
    team.passes(passed=1)


def test_a_file_reached_by_include_or_extends_is_none_of_its_own(team: Team) -> None:
    team.write(
        "compose/main.yml",
        """
        include: [included.yml]
        services:
          alpha:
            extends: {file: base.yml, service: base}
            depends_on: [beta]
        """,
    )
    team.write("compose/included.yml", f"services: {{beta: {sleeper()}}}")
    team.write("compose/base.yml", f"services: {{base: {sleeper(environment={'FROM': 'base'})}}}")
    team.tests(
        """
        def test_it(alpha, docker_project):
            assert alpha.container.env["FROM"] == "base"
            assert [c.service for c in docker_project.containers()] == ["beta", "alpha"]
        """
    )
    assert services(team) == {"alpha", "beta"}
    assert {
        "harness: left out included.yml: it is included by compose/main.yml:2",
        "harness: left out base.yml: it is extended by compose/main.yml:5",
    } <= set(team.run("--collect-only", "-v").outlines)
    team.passes(passed=1)


def test_files_of_several_folders_keep_their_paths_and_variables(team: Team) -> None:
    seen = {"WHOSE": "${WHOSE}", "COMMON": "${COMMON}"}
    for folder, service in (("shop", "alpha"), ("bank", "beta")):
        mount = f"./{folder}-data:/mine:ro"
        section = sleeper(environment=seen, env_file=["my.env"], volumes=[mount])
        team.write(f"{folder}/one.yml", f"services: {{{service}: {section}}}")
        team.write(f"{folder}/.env", f"WHOSE={folder}\n")
        team.write(f"{folder}/my.env", f"FROM_FILE=file of {folder}\n")
        team.write(f"{folder}/{folder}-data/name", folder)
    team.write(".env", "WHOSE=root\nCOMMON=everybody\n")
    team.ini("harness_files =\n    shop\n    bank\n")
    team.tests(
        """
        import pytest

        @pytest.mark.services("alpha", "beta")
        @pytest.mark.parametrize(("service", "folder"), [("alpha", "shop"), ("beta", "bank")])
        def test_it(service, folder, container_getter):
            container = container_getter.get(service)
            env = container.env
            assert (env["WHOSE"], env["COMMON"]) == (folder, "everybody")
            assert env["FROM_FILE"] == f"file of {folder}"
            assert container.exec(["cat", "/mine/name"]).output == folder
            other = container_getter.get("beta" if service == "alpha" else "alpha")
            assert container.exec(["getent", "hosts", other.service]).exit_code == 0
        """
    )
    result = team.passes(passed=2)
    result.stdout.fnmatch_lines(["harness: 2 services from shop, bank"])


def test_the_env_file_beside_the_compose_file_wins_over_the_roots(team: Team) -> None:
    variables = ("BOTH", "ROOT", "BESIDE", "SHELL")
    team.service("alpha", environment={name: f"${{{name}}}" for name in variables})
    team.write(".env", "BOTH=root\nROOT=root\nSHELL=root\n")
    team.write("compose/.env", "BOTH=beside\nBESIDE=beside\nSHELL=beside\n")
    team.monkeypatch.setenv("SHELL", "the shell's")
    team.tests(
        """
        def test_it(alpha):
            env = alpha.container.env
            assert env["BOTH"] == env["BESIDE"] == "beside"
            assert env["ROOT"] == "root"
            assert env["SHELL"] == "the shell's"
        """
    )
    team.passes(passed=1)
