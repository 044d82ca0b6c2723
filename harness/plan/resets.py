"""By which way a service's state is put back, as far as the compose files tell."""

from __future__ import annotations

from collections.abc import Iterable

from harness.errors import SettingError
from harness.model.project import Project, Service
from harness.plan.elsewhere import is_fixed


def check_replaceable(project: Project, service: Service) -> None:
    """Check that a service can be replaced with its volumes and nobody else's.

    Raises:
        SettingError: A volume of its own is another service's too, or is there already.
    """
    for volume in service.volumes:
        entry = project.volumes.get(volume) or {}
        if is_fixed(entry) or entry.get("external"):
            raise SettingError(
                f"{service.called} is to be reset by replacing its container, but its volume "
                f"{volume!r} is {'external' if entry.get('external') else 'fixed'}: what is in it "
                f"stays. Write `x-harness: {{reset: [command…]}}` into the service, or `reset: "
                f"none` if it has no state, or run it `shared`."
            )
        others = [
            other.called
            for other in project.services.values()
            if other.name != service.name and volume in other.volumes
        ]
        if others:
            raise SettingError(
                f"{service.called} is to be reset by replacing its container, but its volume "
                f"{volume!r} is also that of {', '.join(others)}. Write `x-harness: {{reset: "
                f"[command…]}}` into it, or `reset: none` if it has no state, or run it `fresh` "
                f"or `shared`."
            )


def removed_by_others(service: Service, fixtures: Iterable[str]) -> str:
    """Warn that a longer-lived service is not what it was."""
    lost = f" What {', '.join(sorted(fixtures))} had put into it is gone." if fixtures else ""
    return (
        f"{service.called}: its container was removed by somebody else, and is made anew.{lost} "
        f"See what else uses this engine (`docker rm`, `docker system prune`, another tool)."
    )


def replaced_with_fixtures(service: Service, fixtures: Iterable[str]) -> str:
    """Warn that what fixtures put into a service is lost when it is replaced."""
    return (
        f"{service.called} is used by {', '.join(sorted(fixtures))}, and reset by replacing its "
        f"container between tests: what such a fixture put into it is gone after the first test. "
        f"Write `x-harness: {{reset: [command…]}}` into it, or `reset: none` if it has no state."
    )
