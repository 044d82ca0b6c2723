"""How services are started and stopped: by the harness or by Compose, killed or asked to end."""

from __future__ import annotations

import pytest

from .sharing import Sharing

STOPS = "trap 'echo asked >/told/{name}; exit 0' TERM; touch /up; while :; do sleep 0.05; done"


def test_a_service_is_killed_unless_it_wants_to_end_by_itself(team: Sharing) -> None:
    told = team.root / "told"
    told.mkdir()
    up = {"test": ["CMD", "test", "-e", "/up"]}
    for name, keys in (("polite", {"x-harness": {"stop": "graceful"}}), ("usual", {})):
        team.service(
            name,
            command=["sh", "-c", STOPS.format(name=name)],
            volumes=[f"{told}:/told"],
            healthcheck=up,
            **keys,
        )
    team.tests("from notes import saw\ndef test_it(polite, usual): saw(polite, usual)\n")
    team.passes(passed=1)
    assert [file.name for file in told.iterdir()] == ["polite"]


@pytest.mark.parametrize("isolation", ["fresh", "shared"])
def test_compose_starts_the_services_for_comparing(team: Sharing, isolation: str) -> None:
    team.greeter("web", depends_on=["base"])
    team.greeter("base")
    team.tests(
        """
        import pytest
        from notes import reaches, saw
        from talk import ask

        @pytest.mark.parametrize("number", range(2))
        def test_it(web, base, number):
            saw(web, base)
            assert ask(web) == reaches(web, "base", 8080) == "hello"
        """
    )
    team.passes("--harness-faithful", f"--harness-isolation={isolation}", passed=2)
    assert len({*team.values("web")}) == (2 if isolation == "fresh" else 1)
