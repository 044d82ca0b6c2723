"""When two services are the same."""

from __future__ import annotations

from harness.model.project import parse_service
from harness.plan.digest import digest


def test_configuration_environment_and_image_make_a_service_what_it_is() -> None:
    service = parse_service("app", {"image": "app", "environment": {"A": "1", "B": "2"}})
    same = parse_service("app", {"environment": {"B": "2", "A": "1"}, "image": "app"}, "c.yml:7")
    other = parse_service("app", {"image": "app", "environment": {"A": "1", "B": "3"}})
    known = digest(service, {"X": "1", "Y": "2"}, "sha256:1")
    assert digest(same, {"Y": "2", "X": "1"}, "sha256:1") == known
    different = {
        known,
        digest(other, {"X": "1", "Y": "2"}, "sha256:1"),
        digest(service, {"X": "1", "Y": "3"}, "sha256:1"),
        digest(service, {"X": "1", "Y": "2"}, "sha256:2"),
        digest(service, {"X": "1", "Y": "2"}, None),
    }
    assert len(different) == 5
