"""What can be set, and where: the one list of options, ini keys and variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
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


def table() -> str:
    """Return the settings as a Markdown table: the one in the documentation."""
    rows = ["| option | ini key | environment | default | meaning |", "|---|---|---|---|---|"]
    for key in KEYS:
        option = f"`{key.option}{' ' + key.metavar if key.metavar else ''}`"
        ini, env = (f"`{key.ini}`", f"`{key.env}`") if key.ini else ("", "")
        rows.append(f"| {option} | {ini} | {env} | {key.default or 'off'} | {key.help} |")
    return "\n".join(rows)
