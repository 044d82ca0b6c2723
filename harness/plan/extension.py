"""The ``x-harness`` sections of compose files: what may stand in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.errors import SettingError
from harness.model.isolation import CHOICES, Isolation
from harness.model.project import Project, Service
from harness.plan.fail_on import parse_fail_on
from harness.plan.process_entry import parse_process
from harness.plan.ready import parse_ready, ready_of
from harness.plan.section import Value
from harness.plan.section import check_keys as _known
from harness.plan.section import is_open as _open
from harness.plan.swaps import KEY as SWAPPED

if TYPE_CHECKING:
    from harness.source import SourceService

HARNESS_KEYS = ("fail_on", "fixed", "isolation", "process", "ready", "reset", "stop")
RESOURCE_KEYS = ("fixed",)


def check_extension(service: SourceService) -> None:
    """Check a service's ``x-harness`` section as it is written.

    A value with a variable in it is judged once Compose has resolved it.

    Raises:
        SettingError: It has a key or a value that the harness does not know.
    """
    where = service.harness_location or service.location
    _extension(service.harness, f"{where}: ", f"of service {service.name!r}", written=True)


def check_resolved_extension(service: Service) -> None:
    """Check a service's ``x-harness`` section once its variables have values.

    Raises:
        SettingError: It has a value that the harness does not know.
    """
    where = f"{service.place}: " if service.place else ""
    _extension(service.harness, where, f"of service {service.name!r}", written=False)
    ready_of(service)


def check_project_extensions(project: Project) -> None:
    """Check every ``x-harness`` outside services: of networks and volumes, and at the top.

    Raises:
        SettingError: It has a key or a value that the harness does not know.
    """
    for kind, declared in (("network", project.networks), ("volume", project.volumes)):
        for name, entry in declared.items():
            section = entry.get("x-harness") or {}
            whose = f"of {kind} {name!r}"
            if not isinstance(section, Mapping):
                raise SettingError(
                    f"x-harness {whose} must be a mapping such as {{fixed: true}}, "
                    f"found {section!r}"
                )
            _known(section, RESOURCE_KEYS, f"x-harness {whose}")
            # a variable gives text, and here nothing reads it as a boolean
            _fixed(section, f"x-harness.fixed {whose}", written=True)
    if top := project.rest.get("x-harness"):
        raise SettingError(
            f"a top-level x-harness has no keys, found {', '.join(map(str, top))}. It belongs "
            f"into a service, a network or a volume."
        )


def _extension(section: Mapping[str, object], where: str, whose: str, *, written: bool) -> None:
    # the harness's own note comes once the project is resolved
    known = HARNESS_KEYS if written else (*HARNESS_KEYS, SWAPPED)
    _known(section, known, f"{where}x-harness {whose}")
    _fixed(section, f"{where}x-harness.fixed", written=written)
    _isolation(section, where, written=written)
    _stop(section, where, written=written)
    _reset(section, where)
    if "fail_on" in section:
        parse_fail_on(Value(section["fail_on"], f"{where}x-harness.fail_on", written))
    parse_ready(section.get("ready", {}), where, whose, written=written)
    process = section.get("process")
    parse_process(process, where, whose, written=written)
    if isinstance(process, Mapping) and "reset" in process:
        _reset({"reset": process["reset"]}, f"{where}process: ")


def _fixed(section: Mapping[str, object], called: str, *, written: bool) -> None:
    fixed = section.get("fixed", False)
    if isinstance(fixed, bool) or (written and _open(fixed)):
        return
    if written or fixed not in ("true", "false"):
        raise SettingError(f"{called} must be true or false, found {fixed!r}")


def _isolation(section: Mapping[str, object], where: str, *, written: bool) -> None:
    chosen = section.get("isolation", Isolation.FRESH)
    if chosen not in [*Isolation] and not (written and _open(chosen)):
        raise SettingError(f"{where}x-harness.isolation must be {CHOICES}, found {chosen!r}")


def _stop(section: Mapping[str, object], where: str, *, written: bool) -> None:
    stop = section.get("stop", "kill")
    if stop not in ("kill", "graceful") and not (written and _open(stop)):
        raise SettingError(f"{where}x-harness.stop must be kill or graceful, found {stop!r}")


def _reset(section: Mapping[str, object], where: str) -> None:
    reset = section.get("reset", "none")
    command = isinstance(reset, Sequence) and not isinstance(reset, str) and reset
    if reset != "none" and not (command and all(isinstance(word, str) for word in command)):
        raise SettingError(
            f"{where}x-harness.reset must be a command such as [app, clear], run in the "
            f"container, or none where there is no state to put back; found {reset!r}"
        )
