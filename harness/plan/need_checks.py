"""Whether what a test needs can be had as it says. Pure."""

from __future__ import annotations

from collections.abc import Collection

from harness.errors import NoServiceNamedError, SettingError
from harness.plan.lives import Bounds, Graph, closure_of
from harness.plan.need import Need


def check_names_a_service(
    test: str, need: Need, markers: Collection[str], services: Collection[str]
) -> None:
    """Check that a test which asks for containers names a service.

    Args:
        test: Its id.
        need: What it needs.
        markers: The names of services' markers, for an example.
        services: The services that there are.

    Raises:
        NoServiceNamedError: It names none.
    """
    if need:
        return
    name = min(markers, default=None)
    example = f"@pytest.mark.{name}" if name else '@pytest.mark.services("…")'
    raise NoServiceNamedError(
        f"{test} asks for container_getter and names no service. Mark it with the service that it "
        f"is about, for example {example}. Services: {', '.join(sorted(services))}."
    )


def check_environment(
    place: str, need: Need, bounds: Bounds, attach: Collection[str], graph: Graph
) -> None:
    """Check that a test's variables are not for services that live for several tests.

    Args:
        place: Where the test stands, for the message.
        need: What it needs.
        bounds: What fixtures of a wider scope ask for.
        attach: The services that the user starts himself.
        graph: The services' dependencies.

    Raises:
        SettingError: They are: wider fixtures use them, or a process that is attached.
    """
    attached = closure_of(attach, graph)
    concerned = {*closure_of(need.services, graph)} & {*attach}
    for service, _ in need.environment:
        if concerned and service in attached:
            raise SettingError(
                f"{place}: env is given to service {service!r}, and what is attached "
                f"({', '.join(sorted(concerned))}) lives for the whole run, with all that it "
                f"depends on: one test cannot have other variables than the next. Run this "
                f"test without --harness-attach."
            )
        if service in bounds.lives:
            scope = bounds.lives[service].scope
            raise SettingError(
                f"{place}: env is given to service {service!r}, which lives as long as "
                f"a fixture of scope {scope!r} that the test uses. One test cannot have other "
                f"variables than the next: do without env, or without that fixture."
            )
