"""Every setting in one typed result: command line, then environment, then ini, then default."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from harness.errors import SettingError
from harness.model.budget import WANTED, Budget, budget
from harness.model.duration import seconds
from harness.model.fail_on import FailOn
from harness.model.isolation import CHOICES, Isolation, isolation

if TYPE_CHECKING:
    from ipaddress import IPv4Network

    import pytest


# Named tuples: every pytest imports this, and to define a dataclass takes ten times as long.
class Key(NamedTuple):
    """One setting: where it can be set, and what it means."""

    name: str
    option: str
    help: str
    ini: str = ""
    default: str = ""
    flag: bool = False
    metavar: str = ""
    several: bool = False

    @property
    def env(self) -> str:
        """The environment variable of an ini key: its name in capitals."""
        return self.ini.upper()

    @property
    def ini_type(self) -> Literal["linelist", "string"]:
        """How pytest reads the ini key."""
        return "linelist" if self.name == "files" or self.several else "string"

    @property
    def dest(self) -> str:
        """The attribute under which argparse keeps the option."""
        return self.option.lstrip("-").replace("-", "_")


KEYS = (
    Key(
        "files",
        "--docker-compose",
        "compose files or folders, comma-separated; else compose/, else compose.yaml",
        ini="harness_files",
        metavar="PATH[,PATH]",
    ),
    Key(
        "no_build",
        "--docker-compose-no-build",
        "do not build images: take those that exist, or pull them",
        flag=True,
    ),
    Key(
        "remove_volumes",
        "--docker-compose-remove-volumes",
        "for a container_getter of your own: what docker_project.down() shall do with volumes "
        "(the harness's own stacks always take their volumes with them)",
        flag=True,
    ),
    Key(
        "timeout",
        "--harness-timeout",
        "how long a service may take to get ready: seconds, or a duration such as 1m30s",
        ini="harness_timeout",
        default="60s",
        metavar="DURATION",
    ),
    Key(
        "retry_start",
        "--harness-retry-start",
        "try a start again that has failed in this run, instead of failing at once",
        ini="harness_retry_start",
        default="false",
        flag=True,
    ),
    Key(
        "isolation",
        "--harness-isolation",
        "how far a test's services are its own: `fresh` containers, running ones that were "
        "`reset`, or `shared` ones",
        ini="harness_isolation",
        default="fresh",
        metavar="HOW",
    ),
    Key(
        "ahead",
        "--harness-ahead",
        "how many of the next tests' stacks start while a test runs; unset, one, and only for "
        "tests that use no fixtures of the team's own",
        ini="harness_ahead",
        metavar="N",
    ),
    Key(
        "keep",
        "--harness-keep",
        "leave `shared` and `reset` stacks running at the end; the next run with it takes them "
        "up again, and replaces what has changed",
        ini="harness_keep",
        default="false",
        flag=True,
    ),
    Key(
        "keep_for",
        "--harness-keep-for",
        "how long kept stacks stay after their last use; then the next run, or `harness prune`, "
        "removes them",
        ini="harness_keep_for",
        default="8h",
        metavar="DURATION",
    ),
    Key(
        "expiry",
        "--harness-expiry",
        "how long what a run makes stays where nobody can tell whether that run still lives: on "
        "an engine that several machines use",
        ini="harness_expiry",
        default="24h",
        metavar="DURATION",
    ),
    Key(
        "strict",
        "--harness-strict",
        "fail a run that leaves something behind, instead of a warning",
        ini="harness_strict",
        default="false",
        flag=True,
    ),
    Key(
        "faithful",
        "--harness-faithful",
        "have Compose start the services (`up --wait`), for comparing",
        ini="harness_faithful",
        default="false",
        flag=True,
    ),
    Key(
        "engine",
        "--harness-engine",
        "what runs the services: `docker`, containers; `process`, processes of this machine, as "
        "`x-harness: {process: …}` says",
        ini="harness_engine",
        default="docker",
        metavar="ENGINE",
    ),
    Key(
        "subnets",
        "--harness-subnets",
        "where the subnets of stacks' networks come from: ranges, comma-separated; none: the "
        "engine's own pools, some thirty networks; auto: 10.219.0.0/16, then 198.18.0.0/15 on a "
        "local engine, the latter alone in a container of that engine, its own pools on a remote "
        "one",
        ini="harness_subnets",
        default="auto",
        metavar="CIDR[,CIDR]",
    ),
    Key(
        "fail_on",
        "--harness-fail-on",
        "what a service must not do while a test runs: `exit`, `oom`, `restart`, several with "
        "commas, `none`, or as `x-harness: {fail_on: …}` has it, in YAML: `{log: [ERROR]}`",
        ini="harness_fail_on",
        default="exit",
        metavar="WHAT",
    ),
    Key(
        "local",
        "--harness-local",
        "services to run as processes of this machine, as `x-harness: {process: …}` says, and the "
        "rest in containers; comma-separated, or several times",
        ini="harness_local",
        metavar="SERVICE[,SERVICE]",
        several=True,
    ),
    Key(
        "remote",
        "--harness-remote",
        "a service that runs elsewhere, and where: `service1=https://staging.example:8443`; it is "
        "neither started nor stopped; comma-separated, or several times",
        ini="harness_remote",
        metavar="SERVICE=ADDRESS",
        several=True,
    ),
    Key(
        "attach",
        "--harness-attach",
        "services that you start yourself, in a debugger say: all else is started, what yours "
        "needs is printed, and the run waits until it answers; comma-separated, or several times",
        ini="harness_attach",
        metavar="SERVICE[,SERVICE]",
        several=True,
    ),
    Key(
        "report",
        "--harness-report",
        "write a report of the run into this folder: `index.html`, to look at, and "
        "`journal.jsonl`, from which `harness report` draws it again",
        ini="harness_report",
        metavar="DIR",
    ),
    Key(
        "budget",
        "--harness-budget",
        "fail the run if a service takes longer to get ready: `1.5x` of what it usually takes, "
        "or a duration; `x-harness: {ready: {budget: …}}` says it for one service",
        ini="harness_budget",
        metavar="BUDGET",
    ),
    Key(
        "history",
        "--harness-history",
        "the file that says how long services took to get ready in earlier runs; unset, this one "
        "in the root directory; `none`: keep none",
        ini="harness_history",
        default=".harness/history",
        metavar="PATH",
    ),
    Key(
        "summary",
        "--harness-summary",
        "what is said at the end of where the time went: `off`, `short`, or `full`",
        ini="harness_summary",
        default="short",
        metavar="HOW",
    ),
)
INHERITED = tuple(key for key in KEYS if not key.option.startswith("--harness-"))

# What adds options of the same names; adding them twice would stop pytest. The fork came under
# the module and the entry point of its original (3.2.1 and 0.3.0; pytest-docker 3.2.6 adds others).
RIVALS = ("pytest-docker-compose", "pytest-docker-compose-v2")
RIVAL_MODULE, RIVAL_ENTRY_POINT = "pytest_docker_compose", "docker_compose"


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


def add_options(parser: pytest.Parser, taken: bool) -> None:
    """Add every option and ini key.

    Args:
        parser: pytest's parser.
        taken: The options inherited from pytest-docker-compose belong to another plugin.
    """
    group = parser.getgroup("harness", "pytest-compose-harness")
    for key in KEYS:
        if not (taken and key in INHERITED):
            _add_option(group, key)
        if key.ini:
            parser.addini(key.ini, key.help, type=key.ini_type)


def _add_option(group: Any, key: Key) -> None:
    text = key.help.replace("%", "%%")
    if key.flag:
        group.addoption(key.option, action="store_true", default=False, help=text)
    elif key.several:
        group.addoption(key.option, action="append", default=[], metavar=key.metavar, help=text)
    else:
        group.addoption(key.option, action="store", default=None, metavar=key.metavar, help=text)


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
        timeout=_convert(values["timeout"], seconds, "a duration such as 90 or 1m30s"),
        retry_start=_convert(values["retry_start"], _boolean, "true or false"),
        isolation=_convert(values["isolation"], isolation, CHOICES),
        ahead=_convert(values["ahead"], _count, "a number of stacks, 0 or more"),
        keep=_convert(values["keep"], _boolean, "true or false"),
        keep_for=_convert(values["keep_for"], seconds, "a duration such as 8h"),
        expiry=_convert(values["expiry"], seconds, "a duration such as 24h"),
        strict=_convert(values["strict"], _boolean, "true or false"),
        faithful=_convert(values["faithful"], _boolean, "true or false"),
        subnets=_convert(
            values["subnets"], _ranges, "auto, none, or ranges of /28 and more such as 10.9.0.0/16"
        ),
        engine=_convert(values["engine"], _one_of("docker", "process"), "docker or process"),
        fail_on=_fail_on(*values["fail_on"]),
        local=_convert(values["local"], _names, "names of services"),
        remote=_convert(
            values["remote"],
            _places,
            "services with their addresses, such as service1=https://staging.example:8443",
        ),
        attach=_convert(values["attach"], _names, "names of services"),
        report=values["report"][0],
        budget=_convert(values["budget"], _budget, WANTED),
        history=_history(root_of(config), values["history"][0]),
        summary=_convert(values["summary"], _one_of("off", "short", "full"), "off, short or full"),
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


def _convert(value: tuple[Any, str], to: Callable[[Any], Any], wanted: str) -> Any:
    raw, where = value
    try:
        return to(raw)
    except ValueError:
        found = ", ".join(raw) if isinstance(raw, list) else raw
        raise SettingError(f"{where}: {found!r} is not {wanted}") from None


def _ranges(text: str) -> tuple[IPv4Network, ...] | None:
    if text.strip() in {"auto", "none"}:
        return None if text.strip() == "auto" else ()
    from ipaddress import IPv4Network

    ranges = tuple(IPv4Network(part.strip()) for part in text.split(","))
    if any(r.prefixlen > 28 for r in ranges):
        raise ValueError(text)
    return ranges


def _budget(value: object) -> Budget | None:
    """Read a budget; False stands for a key that nobody set."""
    return None if value is False else budget(value)


def _history(root: Path, chosen: Path | None) -> Path | None:
    if chosen is None:
        return root / ".harness" / "history"
    return None if chosen.name == "none" else chosen


def _fail_on(text: str, where: str) -> FailOn:
    if text == "exit":
        return FailOn()
    from harness.plan.fail_on import read_fail_on

    try:
        return read_fail_on(text)
    except ValueError as error:
        raise SettingError(f"{where}: {text!r} cannot be used: {error}") from None


def _one_of(*words: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return convert


def _names(value: object) -> tuple[str, ...]:
    """Read names, comma-separated, of one text or several; each once."""
    texts = value if isinstance(value, list) else [value or ""]
    parts = (part.strip() for text in texts for part in str(text).split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _places(value: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in _names(value):
        name, equals, address = entry.partition("=")
        if not (name and equals and address) or found.setdefault(name, address) != address:
            raise ValueError(value)
    return found


def _boolean(value: object) -> bool:
    text = str(value).strip().lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError(text)


def _count(value: object) -> int | None:
    """Read a number; False stands for a key that nobody set."""
    if value is False:
        return None
    number = int(str(value))
    if number < 0:
        raise ValueError(value)
    return number


def table() -> str:
    """Return the settings as a Markdown table: the one in the documentation."""
    rows = ["| option | ini key | environment | default | meaning |", "|---|---|---|---|---|"]
    for key in KEYS:
        option = f"`{key.option}{' ' + key.metavar if key.metavar else ''}`"
        ini, env = (f"`{key.ini}`", f"`{key.env}`") if key.ini else ("", "")
        rows.append(f"| {option} | {ini} | {env} | {key.default or 'off'} | {key.help} |")
    return "\n".join(rows)
