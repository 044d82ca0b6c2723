"""Every setting in one typed result: command line, then environment, then ini, then default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import SettingError
from harness.model.budget import WANTED, Budget
from harness.model.duration import seconds
from harness.model.fail_on import FailOn
from harness.model.isolation import CHOICES, Isolation, isolation
from harness.settings import meaning
from harness.settings.keys import INHERITED, KEYS, Key

if TYPE_CHECKING:
    from ipaddress import IPv4Network

    import pytest


class Settings(NamedTuple):
    """What the user chose.

    Attributes:
        root: The root directory of the team's project.
        files: Compose files or folders named by the user; empty means the default places.
        build: Whether images with ``build:`` are built.
        remove_volumes: The value of ``--docker-compose-remove-volumes``.
        timeout: Seconds that a service may take to get ready.
        retry_start: Whether a failed start is tried again in the same run.
        isolation: How far a test's services are its own, unless something nearer says so.
        ahead: How many stacks start ahead; None where the user did not say.
        keep: Whether stacks that outlive a test outlive the run as well.
        keep_for: Seconds that kept stacks stay after their last use.
        expiry: Seconds that a stack stays where nobody can tell whether its run lives.
        strict: Whether a run that leaves something behind has failed.
        faithful: Whether Compose starts the services.
        subnets: Where subnets come from; empty means the engine's own pools, None that it depends
            on the engine.
        engine: What runs the services: ``docker`` or ``process``.
        fail_on: What a service must not do while a test runs, unless it says otherwise itself.
        budget: How long a service may take to get ready before the run fails, unless it says
            otherwise itself; None for as long as it likes.
        history: The file of earlier runs; None for none.
        local: Services that run as processes though the others run in containers.
        remote: Where services are that run elsewhere, by their names.
        attach: Services that the user starts.
        report: The folder that a report of the run is written into; None without one.
        summary: What is said at the end: ``off``, ``short`` or ``full``.
    """

    root: Path
    files: tuple[Path, ...] = ()
    build: bool = True
    remove_volumes: bool = False
    timeout: float = 60.0
    retry_start: bool = False
    isolation: Isolation = Isolation.FRESH
    ahead: int | None = None
    keep: bool = False
    keep_for: float = 8 * 3600.0
    expiry: float = 24 * 3600.0
    strict: bool = False
    faithful: bool = False
    subnets: tuple[IPv4Network, ...] | None = None
    engine: str = "docker"
    fail_on: FailOn = FailOn()
    budget: Budget | None = None
    history: Path | None = None
    local: tuple[str, ...] = ()
    remote: Mapping[str, str] = MappingProxyType({})
    attach: tuple[str, ...] = ()
    report: Path | None = None
    summary: str = "short"


def read(config: pytest.Config, taken: bool) -> Settings:
    """Read all settings.

    Args:
        config: pytest's configuration.
        taken: The options inherited from pytest-docker-compose belong to another plugin.

    Raises:
        SettingError: A value makes no sense; the message names it and where it was set.
    """
    values = {key.name: _value(config, key, taken and key in INHERITED) for key in KEYS}
    return _together(_settings(config, values), values, distributed=_is_distributed(config))


def _settings(config: pytest.Config, values: Mapping[str, tuple[Any, str]]) -> Settings:
    return Settings(
        root=root_of(config),
        files=values["files"][0],
        build=not values["no_build"][0],
        remove_volumes=values["remove_volumes"][0],
        timeout=meaning.convert(values["timeout"], seconds, "a duration such as 90 or 1m30s"),
        retry_start=meaning.convert(values["retry_start"], meaning.boolean, "true or false"),
        isolation=meaning.convert(values["isolation"], isolation, CHOICES),
        ahead=meaning.convert(values["ahead"], meaning.count, "a number of stacks, 0 or more"),
        keep=meaning.convert(values["keep"], meaning.boolean, "true or false"),
        keep_for=meaning.convert(values["keep_for"], seconds, "a duration such as 8h"),
        expiry=meaning.convert(values["expiry"], seconds, "a duration such as 24h"),
        strict=meaning.convert(values["strict"], meaning.boolean, "true or false"),
        faithful=meaning.convert(values["faithful"], meaning.boolean, "true or false"),
        subnets=meaning.convert(
            values["subnets"],
            meaning.ranges,
            "auto, none, or ranges of /28 and more such as 10.9.0.0/16",
        ),
        engine=meaning.convert(
            values["engine"], meaning.one_of("docker", "process"), "docker or process"
        ),
        fail_on=meaning.what_fails(*values["fail_on"]),
        local=meaning.convert(values["local"], meaning.names, "names of services"),
        remote=meaning.convert(
            values["remote"],
            meaning.places,
            "services with their addresses, such as service1=https://staging.example:8443",
        ),
        attach=meaning.convert(values["attach"], meaning.names, "names of services"),
        report=values["report"][0],
        budget=meaning.convert(values["budget"], meaning.budget_or_none, WANTED),
        history=meaning.history_file(root_of(config), values["history"][0]),
        summary=meaning.convert(
            values["summary"], meaning.one_of("off", "short", "full"), "off, short or full"
        ),
    )


def _together(
    settings: Settings, values: Mapping[str, tuple[Any, str]], *, distributed: bool
) -> Settings:
    """Check that what was set goes together."""
    if settings.local or settings.remote or settings.attach:
        from harness.plan.swap_choice import check_settings

        check_settings(
            settings,
            {name: where for name, (_, where) in values.items()},
            distributed=distributed,
            ci=next((name for name in ("CI", "BUILD_NUMBER") if os.environ.get(name)), ""),
        )
    if settings.engine == "process":
        for name in ("keep", "faithful"):
            if getattr(settings, name):
                raise SettingError(
                    f"{values[name][1]}: there is no such thing for processes "
                    f"({values['engine'][1]} says `process`): no process outlives its run, and "
                    f"Compose starts none. Leave one of both out."
                )
    return settings


def _is_distributed(config: pytest.Config) -> bool:
    """Whether workers of xdist run the tests: this is one, or is to start some."""
    return hasattr(config, "workerinput") or any(
        config.getoption(name, None) for name in ("numprocesses", "tx")
    )


def root_of(config: pytest.Config) -> Path:
    """Return pytest's root directory, or the working directory above it where nothing fixes it.

    Without an ini file pytest takes what its arguments have in common: for ``pytest tests/`` that
    is ``tests/``.
    """
    here = config.invocation_params.dir
    fixed = config.inipath is not None or config.getoption("rootdir")
    return here if not fixed and config.rootpath.is_relative_to(here) else config.rootpath


def _value(config: pytest.Config, key: Key, taken: bool) -> tuple[Any, str]:
    """Return a key's raw value and the words for where it was set."""
    given = None if taken else config.getoption(key.dest)
    if key.name == "files":
        return _files(config, key, given)
    if key.name in {"report", "history"}:
        return _folder(config, key, given)
    if given:
        return given, key.option
    # an ini key of several lines, and an option that is given several times, are lists
    if key.ini and os.environ.get(key.env):
        return os.environ[key.env], f"the environment variable {key.env}"
    if key.ini and config.getini(key.ini):
        return config.getini(key.ini), f"ini {key.ini}"
    return (key.default or False), "the default"


def _files(config: pytest.Config, key: Key, given: str | None) -> tuple[tuple[Path, ...], str]:
    """Resolve paths: an option's against the working directory, an ini key's against its file."""
    if given:
        here = config.invocation_params.dir
        return tuple(here / part for part in given.split(",") if part), key.option
    if named := os.environ.get(key.env):
        here = config.invocation_params.dir
        return tuple(here / part for part in named.split(",") if part), key.env
    base = config.inipath.parent if config.inipath else config.rootpath
    return tuple(base / line for line in config.getini(key.ini)), f"ini {key.ini}"


def _folder(config: pytest.Config, key: Key, given: str | None) -> tuple[Path | None, str]:
    """Resolve a path, as ``_files`` does."""
    if chosen := given or os.environ.get(key.env):
        return config.invocation_params.dir / chosen, key.option if given else key.env
    chosen = config.getini(key.ini)
    base = config.inipath.parent if config.inipath else config.rootpath
    return (base / chosen if chosen else None), f"ini {key.ini}"
