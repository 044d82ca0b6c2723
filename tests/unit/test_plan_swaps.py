from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.engine.reach import Seat
from harness.errors import SettingError, UnknownServiceError
from harness.model.project import Project, parse_project
from harness.plan.addresses import Address
from harness.plan.extension import check_extension, check_resolved_extension
from harness.plan.publishing import published_for
from harness.plan.ready import Http, Tcp, ready_of
from harness.plan.swap_choice import check_settings, parse_place
from harness.plan.swapping import swapped
from harness.plan.swaps import How, Swaps, front_network, place_of, seen_otherwise, swap_of
from harness.settings import Settings
from harness.source import discover
from harness.stack.mixed import check_seat

WHERE = {name: f"--harness-{name}" for name in ("local", "remote", "attach", "engine", "keep")}
WHERE["faithful"] = "--harness-faithful"


def project(**services: dict[str, Any]) -> Project:
    for section in services.values():
        section.setdefault("networks", {"default": None})
        section.setdefault("image", "some/image")
    return parse_project({"services": services, "networks": {"default": {}}})


def ports(*numbers: int) -> list[dict[str, Any]]:
    return [{"target": number, "protocol": "tcp"} for number in numbers]


def local(*names: str) -> Swaps:
    return Swaps(dict.fromkeys(names, How.LOCAL))


def remote(name: str, place: str = "https://staging.example:8443") -> Swaps:
    return Swaps({name: How.REMOTE}, {name: parse_place(place, name)})


def refusal(*, distributed: bool = False, ci: str = "", **chosen: Any) -> str:
    with pytest.raises(SettingError) as error:
        check_settings(Settings(Path(), **chosen), WHERE, distributed=distributed, ci=ci)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://staging.example:8443", Address("staging.example", 8443, "https")),
        ("https://staging.example/", Address("staging.example", 443, "https")),
        ("staging.example:5432", Address("staging.example", 5432)),
        ("postgresql://[::1]", Address("::1", 5432, "postgresql")),
    ],
)
def test_a_place_is_a_host_and_a_port_and_maybe_a_scheme(text: str, address: Address) -> None:
    assert parse_place(text, "service1") == address
    assert parse_place(address.url, "service1") == address


@pytest.mark.parametrize(
    "text", ["staging.example", "http://h:80/api", "http://u:p@h:80", "h:x", "tcp://h", "h:80?a=b"]
)
def test_what_is_no_place_is_told_with_one(text: str) -> None:
    with pytest.raises(SettingError, match=r"service1=https://staging\.example:8443 or"):
        parse_place(text, "service1")


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"local": ("a",), "remote": {"a": "h:1"}}, "service 'a' is named by --harness-local and"),
        ({"local": ("a",), "attach": ("a",)}, "by --harness-local and by --harness-attach"),
        ({"remote": {"a": "h:1"}, "attach": ("a",)}, "by --harness-remote and by --harness-attach"),
        ({"local": ("a",), "engine": "process"}, "every service runs as a process already"),
        ({"local": ("a",), "keep": True}, "--harness-keep cannot go with --harness-local"),
        ({"remote": {"a": "h:1"}, "faithful": True}, "--harness-faithful cannot go with"),
        ({"attach": ("a",), "distributed": True}, "--harness-attach cannot go with workers of x"),
        ({"attach": ("a",), "ci": "CI"}, "nobody does that in CI, where logs are kept (CI is set)"),
    ],
)
def test_what_does_not_go_together_is_told(chosen: dict[str, Any], message: str) -> None:
    assert message in refusal(**chosen)


def test_a_process_engine_may_have_services_elsewhere_and_attached_ones() -> None:
    settings = Settings(Path(), engine="process", remote={"a": "h:1"}, attach=("b",))

    check_settings(settings, WHERE, distributed=False, ci="")


def test_a_name_that_is_no_service_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownServiceError) as error:
        swapped(project(orders={}), local("ordres"), fronts=True)

    assert str(error.value) == (
        "--harness-local names 'ordres', but no compose file defines such a service. "
        "Did you mean 'orders'?"
    )


def test_a_local_service_keeps_what_a_process_has_a_use_for() -> None:
    section = {
        "build": {"context": "."},
        "ports": ports(8080),
        "environment": {"A": "1"},
        "depends_on": {"other": {"condition": "service_started"}},
        "volumes": [{"type": "volume", "source": "data"}],
        "x-harness": {"process": {"command": ["run"], "ready": {"http": "/health"}}},
    }

    service = swapped(project(app=section, other={}), local("app"), fronts=True).services["app"]

    assert swap_of(service) is How.LOCAL
    assert [d.service for d in service.dependencies] == ["other"]
    assert service.config["environment"] == {"A": "1"}
    assert not service.image
    assert not service.builds
    assert not service.volumes
    assert ready_of(service).checks == (Http("/health"),)


def test_a_local_server_is_known_by_its_image() -> None:
    service = swapped(project(db={"image": "postgres:17"}), local("db"), fronts=True).services["db"]

    assert service.harness["process"] == {"use": "postgres"}


def test_what_others_are_stays() -> None:
    whole = project(app={"x-harness": {"process": {"command": ["run"]}}}, other={})

    assert swapped(whole, local("app"), fronts=True).services["other"] is whole.services["other"]


def test_each_swapped_service_has_a_network_for_its_front_where_there_are_containers() -> None:
    whole = project(app={}, other={})

    made = swapped(whole, local("app"), fronts=True)

    assert front_network("app") in made.networks
    assert made.services["app"].networks == ("default", front_network("app"))
    assert made.services["other"].networks == ("default",)
    assert [*swapped(whole, local("app"), fronts=False).networks] == ["default"]


def test_a_remote_service_brings_up_nothing_of_its_own() -> None:
    section = {
        "ports": ports(8080, 9090),
        "environment": {"A": "1"},
        "depends_on": {"db": {"condition": "service_started"}},
        "scale": 3,
        "x-harness": {
            "ready": [{"http": "/health", "timeout": "9s"}, {"exec": ["x"]}, "health"],
            "reset": ["clear"],
        },
    }

    made = swapped(project(app=section, db={}), remote("app"), fronts=True)

    app = made.services["app"]
    assert [s.name for s in made.closure(["app"])] == ["app"]
    assert place_of(app) == Address("staging.example", 8443, "https")
    assert [str(port) for port in app.ports] == ["8080/tcp"]
    assert "environment" not in app.config
    assert app.replicas == 1
    assert app.reset == ()
    assert ready_of(app).checks == (Http("/health"),)
    assert ready_of(app).timeout == 9


@pytest.mark.parametrize(
    ("section", "port"), [({"expose": ["7000"]}, 7000), ({}, 8443), ({"expose": ["1/udp"]}, 8443)]
)
def test_a_remote_service_that_publishes_nothing_has_the_port_that_others_can_name(
    section: dict[str, Any], port: int
) -> None:
    app = swapped(project(app=section), remote("app"), fronts=True).services["app"]

    assert [p.container_port for p in app.ports] == [port]


def test_an_attached_service_is_waited_for_without_an_end() -> None:
    section = {"ports": ports(8080), "x-harness": {"ready": {"tcp": True, "timeout": "5s"}}}
    swaps = Swaps({"app": How.ATTACH})

    app = swapped(project(app=section), swaps, fronts=True).services["app"]

    assert ready_of(app).checks == (Tcp(),)
    assert (ready_of(app).timeout or 0) > 365 * 24 * 3600


def test_an_attached_service_must_have_a_port() -> None:
    with pytest.raises(SettingError, match="publishes no TCP port, so nothing would tell"):
        swapped(project(app={}), Swaps({"app": How.ATTACH}), fronts=True)


def test_what_others_wait_for_to_end_must_be_started_by_the_harness() -> None:
    whole = project(
        job={}, app={"depends_on": {"job": {"condition": "service_completed_successfully"}}}
    )

    with pytest.raises(SettingError, match="is one that others wait for to end"):
        swapped(whole, remote("job"), fronts=True)
    assert swap_of(swapped(whole, local("job"), fronts=True).services["job"]) is How.LOCAL


def test_a_container_that_others_are_made_of_cannot_be_missing() -> None:
    whole = project(app={}, beside={"network_mode": "service:app"})

    with pytest.raises(SettingError, match="'beside' shares the network, the processes or"):
        swapped(whole, local("app"), fronts=True)


def test_the_note_that_a_service_is_swapped_is_the_harness_s_own(tmp_path: Path) -> None:
    check_resolved_extension(swapped(project(app={}), local("app"), fronts=True).services["app"])
    (tmp_path / "compose.yaml").write_text(
        "services: {app: {image: x, x-harness: {swapped: {how: local}}}}"
    )
    source = discover(tmp_path, ())
    assert source is not None

    with pytest.raises(SettingError, match="swapped"):
        check_extension(source.services["app"])


def test_who_reaches_a_swapped_service_or_is_one_is_seen_under_another_address() -> None:
    whole = project(db={}, app={"depends_on": {"db": {}}}, top={"depends_on": {"app": {}}}, x={})

    made = swapped(whole, local("app"), fronts=True)

    assert seen_otherwise(made, ["db", "app", "top", "x"]) == {"app", "top"}


@pytest.mark.parametrize("seat", [Seat.CONTAINER, Seat.ELSEWHERE])
def test_what_runs_here_cannot_be_reached_by_containers_that_run_elsewhere(seat: Seat) -> None:
    for swaps in (local("app"), remote("app", "localhost:80"), Swaps({"app": How.ATTACH})):
        with pytest.raises(SettingError, match=f"the tests run {seat.value}, not on the machine"):
            check_seat(seat, swaps)
        check_seat(Seat.MACHINE, swaps)
    check_seat(seat, remote("app"))


def published(service: str, environment: dict[str, str], **sections: Any) -> list[str]:
    whole = project(app={"environment": environment}, **sections)
    made = published_for(swapped(whole, local("app"), fronts=True))
    return [str(port) for port in made.services[service].ports]


@pytest.mark.parametrize(
    "environment",
    [
        {"URL": "redis://cache:6379/0"},
        {"URL": "redis://cache"},
        {"CACHE_HOST": "cache", "CACHE_PORT": "6379"},
        {"OTHER": "x,alias:6379", "BAD_HOST": "cache"},
    ],
    ids=str,
)
def test_a_port_that_a_local_service_names_is_published(environment: dict[str, str]) -> None:
    networks = {"default": {"aliases": ["alias"]}}

    assert published("cache", environment, cache={"networks": networks}) == ["6379/tcp"]


def test_what_is_published_already_stays_first_and_alone() -> None:
    named = {"ONE": "http://back:8080", "TWO": "back:9090"}

    assert published("back", named, back={"ports": ports(8080)}) == ["8080/tcp", "9090/tcp"]


@pytest.mark.parametrize(
    "section",
    [{"x-harness": {"fixed": True}}, {"network_mode": "host", "networks": {}}],
    ids=["fixed", "host"],
)
def test_nothing_is_published_where_the_compose_file_decides(section: dict[str, Any]) -> None:
    assert published("back", {"URL": "http://back:8080"}, back=section) == []


def test_a_port_that_only_containers_name_is_not_published() -> None:
    whole = project(app={}, back={}, other={"environment": {"URL": "http://back:8080"}})

    made = published_for(swapped(whole, local("app"), fronts=True))

    assert made.services["back"].ports == ()
