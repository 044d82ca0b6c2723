"""What stands in for a variable without a value, so that Compose accepts what nobody needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.source import Variable

# Valid as a port, an image, a path, a size, a count and a container name (of two characters).
ANYTHING = "10"
_PLAIN = re.compile(r"[^$'\\\n]+")  # what a quoted line of an env file can hold
_DURATIONS = frozenset({
    "stop_grace_period", "interval", "timeout", "start_period", "start_interval", "delay",
    "monitor", "window",
})  # fmt: skip
_BOOLEANS = frozenset({
    "privileged", "init", "tty", "stdin_open", "read_only", "oom_kill_disable",
    "use_api_socket", "disable", "required", "external", "internal", "attachable",
    "enable_ipv4", "enable_ipv6", "no_cache", "pull", "nocopy", "create_host_path",
})  # fmt: skip
_WORDS = {
    **dict.fromkeys(_DURATIONS, "1s"),
    **dict.fromkeys(_BOOLEANS, "false"),
    "pull_policy": "missing",
}
# Under these keys of a service Compose takes any text, and so an empty one, save below the keys
# of _WORDS. Tried one by one with Compose 5.6.
_TEXTS = frozenset({
    "annotations", "build", "cap_add", "cap_drop", "command", "cpuset", "credential_spec",
    "depends_on", "devices", "dns", "dns_opt", "dns_search", "domainname", "entrypoint",
    "env_file", "environment", "expose", "extra_hosts", "group_add", "hostname", "ipc", "labels",
    "links", "logging", "mac_address", "network_mode", "networks", "pid", "platform", "profiles",
    "restart", "runtime", "secrets", "security_opt", "stop_signal", "sysctls", "tmpfs", "user",
    "userns_mode", "volumes_from", "working_dir",
})  # fmt: skip


def placeholder(uses: Sequence[Variable]) -> str:
    """Return a value that Compose accepts wherever a variable is used.

    One use may have a default (``${A:-5}``) where another has none: then it is that, which leaves
    the service with the default what it would get.
    """
    for variable in uses:
        if variable.fallback and _PLAIN.fullmatch(variable.fallback):
            return variable.fallback
    for variable in uses:
        if variable.alone and variable.path[-1] in _WORDS:
            return _WORDS[variable.path[-1]]
    return ANYTHING


def demanded(variables: Iterable[Variable]) -> dict[str, str]:
    """Return the variables without which Compose goes no further, with the file's own words."""
    return {v.name: v.message for v in variables if v.required and not v.default}


def is_refusable(variable: Variable) -> bool:
    """Whether a reference stands where Compose may refuse an empty value."""
    if variable.default or variable.key.startswith("x-"):
        return False
    return (
        variable.service is None
        or variable.key not in _TEXTS
        or (variable.path[-1] in _WORDS and variable.key not in ("environment", "labels"))
    )
