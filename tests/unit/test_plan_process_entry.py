"""``x-harness: {process: …}``: what may stand there."""

from __future__ import annotations

import pytest

from harness import SettingError
from harness.model.project import parse_project
from harness.plan.as_processes import as_processes
from harness.plan.process_entry import ProcessEntry, parse_process, process_of, technology_of_image


def parsed(section: object, *, written: bool = True) -> ProcessEntry:
    return parse_process(section, "app.yml:3: ", "of service 'app'", written=written)


def test_an_entry_says_what_to_run() -> None:
    entry = parsed(
        {"command": ["python", "app.py"], "cwd": "app", "port": 8080, "environment": {"A": 1}}
    )

    assert entry == ProcessEntry(("python", "app.py"), "", "app", 8080, {"A": "1"})
    assert entry


def test_a_line_is_for_the_shell() -> None:
    assert parsed({"command": "a | b"}).command == ("/bin/sh", "-c", "a | b")


def test_a_word_is_what_the_harness_knows_how_to_run() -> None:
    assert parsed("redis") == parsed({"use": "redis"}) == ProcessEntry(use="redis")


def test_nothing_says_nothing() -> None:
    assert not parsed(None)
    assert not parsed({})


def test_dollars_are_doubled_for_compose() -> None:
    entry = parsed({"command": ["app", "$${PORT}"]}, written=False)

    assert entry.command == ("app", "${PORT}")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ([], r"x-harness\.process must be a mapping such as"),
        ("mysql", r"mosquitto, postgres, redis, found 'mysql'"),
        ({"use": "mysql"}, r"x-harness\.process\.use must be"),
        ({"comand": []}, r"unknown key 'comand'\. .*command"),
        ({"command": []}, r"x-harness\.process\.command must be a command"),
        ({"command": [1]}, r"x-harness\.process\.command must be a command"),
        ({"command": ["a"], "use": "redis"}, r"with `command` or with `use`, not both"),
        ({"command": ["a"], "cwd": 3}, r"x-harness\.process\.cwd must be a folder"),
        ({"command": ["a"], "port": 0}, r"x-harness\.process\.port must be a container port"),
        ({"command": ["a"], "environment": []}, r"environment must be a mapping"),
        ({"command": ["a"], "environment": {"A": [1]}}, r"environment\.A must be text"),
        ({"command": ["a", "${PORT}"]}, r"Write \$\$\{PORT\}"),
        ({"command": ["a"], "environment": {"A": "${db.host}"}}, r"Write \$\$\{db\.host\}"),
        (
            {"command": ["a"], "ready": {"htp": 1}},
            r"process: x-harness\.ready .* unknown key 'htp'",
        ),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(section: object, message: str) -> None:
    with pytest.raises(SettingError, match=message) as error:
        parsed(section)

    assert str(error.value).startswith("app.yml:3: ")


@pytest.mark.parametrize(
    ("image", "technology"),
    [
        ("postgres", "postgres"),
        ("docker.io/library/postgres:16-alpine", "postgres"),
        ("registry:5000/shop/redis@sha256:00", "redis"),
        ("eclipse-mosquitto:2", "mosquitto"),
        ("postgrest/postgrest", ""),
        ("", ""),
    ],
)
def test_an_image_is_known_by_its_name(image: str, technology: str) -> None:
    assert technology_of_image(image) == technology


def test_as_processes_services_lose_what_is_the_containers() -> None:
    project = parse_project(
        {
            "services": {
                "app": {
                    "image": "redis",
                    "build": {"context": "."},
                    "command": ["x"],
                    "environment": {"A": "1"},
                    "healthcheck": {"test": ["CMD", "x"]},
                    "post_start": [{"command": ["rm", "-rf", "/"]}],
                    "volumes": [{"type": "volume", "source": "data", "target": "/data"}],
                    "x-harness": {"reset": ["rm", "-rf", "/"], "process": {"ready": {"tcp": True}}},
                }
            },
            "volumes": {"data": {}},
            "networks": {"net": {"external": True}},
        }
    )

    found = as_processes(project)

    app = found.services["app"]
    assert app.config.keys() == {"image", "environment", "x-harness"}
    assert app.reset is None
    assert app.harness["ready"] == {"tcp": True}
    assert process_of(app).use == "redis"
    assert (found.volumes, found.networks) == ({}, {"net": {}})
