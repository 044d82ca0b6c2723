from __future__ import annotations

from harness.model.project import parse_project
from harness.plan import secrets

PROJECT = parse_project(
    {
        "services": {
            "db": {
                "image": "registry.example:5000/team/postgres:16@sha256:abc",
                "environment": {"PASSWORD": "a$$b", "NONE": None, "PORT": 5432},
                "container_name": "main-db",
                "networks": {"default": {"aliases": ["store"]}, "back": None},
                "extra_hosts": ["clock=10.0.0.1"],
                "links": ["cache:session-cache"],
                "env_file": [{"path": "/project/db.env", "required": False}],
            },
            "app": {"build": {"context": ".", "args": {"TOKEN": "t", "PASSED_ON": None}}},
            "odd": None,
        },
        "secrets": {"pass": {"environment": "DB_PASS"}, "file": {"file": "/x"}},
    }
)


def test_the_variables_of_services_and_of_their_builds_are_known_as_they_are_meant() -> None:
    assert [*secrets.environments(PROJECT)] == [
        {"PASSWORD": "a$b", "PORT": "5432"},
        {"TOKEN": "t"},
    ]


def test_names_of_services_images_and_hosts_are_known() -> None:
    image = "registry.example:5000/team/postgres"
    assert secrets.names(PROJECT) == {
        *("db", "app", "odd", "main-db", "store", "clock", "session-cache", "localhost"),
        *(f"{image}:16@sha256:abc", f"{image}:16", image, "postgres"),
    }


def test_variables_that_secrets_are_made_of_and_files_of_variables_are_known() -> None:
    assert secrets.secret_variables(PROJECT) == {"DB_PASS"}
    assert [*secrets.env_files(PROJECT)] == ["/project/db.env"]


def test_a_file_of_variables_is_read_as_it_stands() -> None:
    text = """
# comment=no
A=plain value # comment
export B='single # quoted'
C="two
lines"
D=
  E: yaml#too
"""
    assert secrets.assignments(text) == {
        "A": "plain value",
        "B": "single # quoted",
        "C": "two\nlines",
        "D": "",
        "E": "yaml#too",
    }
