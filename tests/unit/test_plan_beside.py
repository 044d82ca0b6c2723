from __future__ import annotations

from typing import Any

import pytest

from harness.errors import SettingError
from harness.plan.addresses import Address
from harness.plan.beside import Beside, containers_document
from harness.plan.swaps import front_network

FRONT = "10.219.0.1"
STAGING = Address("staging.example", 8443, "https")


def beside(**more: Any) -> Beside:
    given = {"front": FRONT, "ports": (8080,), **more}
    return Beside("app", ("app", "alias"), frozenset({"default"}), **given)


def section(given: dict[str, Any], *others: Beside, **networks: Any) -> dict[str, Any]:
    document = {
        "services": {"app": {"x": 1}, "top": {"networks": {"default": None}, **given}},
        "networks": {"default": {}, front_network("app"): {}, **networks},
    }
    made = containers_document(document, ["app"], others)
    assert [*made["services"]] == ["top"]
    assert [*made["networks"]] == ["default", *networks]
    top: dict[str, Any] = made["services"]["top"]
    return top


def test_containers_find_what_is_none_by_all_its_names() -> None:
    top = section({"depends_on": {"app": {}, "x": {}}, "links": ["app:linked"]}, beside())

    assert top["extra_hosts"] == [f"app={FRONT}", f"alias={FRONT}", f"linked={FRONT}"]
    assert top["depends_on"] == {"x": {}}
    assert top["links"] == []


def test_hosts_of_the_compose_file_stay() -> None:
    assert section({"extra_hosts": ["own=1.2.3.4"]}, beside())["extra_hosts"][0] == "own=1.2.3.4"


def test_who_shares_no_network_with_it_does_not_find_it() -> None:
    assert "extra_hosts" not in section({"networks": {"other": None}}, beside(), other={})


def test_who_must_reach_it_and_has_no_way_out_is_told() -> None:
    given = {"depends_on": {"app": {}}, "networks": {"default": None}}

    with pytest.raises(SettingError, match="is in internal networks alone"):
        section(given, beside(), default={"internal": True})
    section({**given, "networks": {"default": None, "out": None}}, beside(), out={})


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ({"URL": "http://app:8080/x"}, {"URL": "https://staging.example:8443/x"}),
        (
            {"APP_HOST": "app", "APP_PORT": "8080"},
            {"APP_HOST": "staging.example", "APP_PORT": "8443"},
        ),
        ({"APP_HOST": "app"}, {"APP_HOST": "app"}),
        ({"APP_HOST": "app", "N": None, "I": 1}, {"APP_HOST": "app", "N": None, "I": 1}),
        ({"OTHER": "http://db:8080"}, {"OTHER": "http://db:8080"}),
    ],
)
def test_variables_lead_to_what_is_elsewhere_as_far_as_can_be_told(
    written: dict[str, Any], becomes: dict[str, Any]
) -> None:
    assert section({"environment": written}, beside(place=STAGING))["environment"] == becomes


def test_what_is_on_this_machine_is_reached_by_its_name_and_the_scheme_is_its_own() -> None:
    top = section(
        {"environment": {"URL": "http://alias:8080/x"}},
        beside(place=Address("127.0.0.1", 9999, "https")),
    )

    assert top["environment"] == {"URL": "https://alias:8080/x"}


def test_what_cannot_be_told_is_an_error_where_no_forwarder_can_be() -> None:
    with pytest.raises(SettingError) as error:
        section({"environment": {"APP_HOST": "app"}}, beside(place=STAGING, front=""))

    assert "the variable APP_HOST of service 'top' is 'app'" in str(error.value)
    assert "run the tests on the engine's machine" in str(error.value)
