"""Reading what the Engine API answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from harness.engine.protocol import Binding, HealthCheck, Process, Snapshot

SERVICE_LABEL = "com.docker.compose.service"
NUMBER_LABEL = "com.docker.compose.container-number"


def read_container(raw: Mapping[str, Any]) -> Snapshot:
    """Read the answer of ``GET /containers/{id}/json``."""
    state, config = raw["State"], raw["Config"]
    labels = config.get("Labels") or {}
    return Snapshot(
        id=raw["Id"],
        name=raw["Name"].lstrip("/"),
        service=labels.get(SERVICE_LABEL, ""),
        number=int(labels.get(NUMBER_LABEL) or 1),
        status=state["Status"],
        exit_code=state["ExitCode"],
        oom_killed=bool(state.get("OOMKilled")),
        image=config["Image"],
        restarts=int(raw.get("RestartCount") or 0),
        check=_health_check(config.get("Healthcheck")),
        # a name without `=` takes the variable away
        env=dict(e.split("=", 1) for e in config.get("Env") or () if "=" in e),
        labels=labels,
        bindings=tuple(_bindings(raw["NetworkSettings"].get("Ports") or {})),
        command=(raw.get("Path") or "", *(raw.get("Args") or ())),
        addresses=tuple(_addresses(raw["NetworkSettings"].get("Networks") or {})),
        memory=int((raw.get("HostConfig") or {}).get("Memory") or 0),
        pid=int(state.get("Pid") or 0),
        anonymous=tuple(_anonymous(raw.get("Mounts") or ())),
        started_at=moment(state.get("StartedAt")),
        finished_at=moment(state.get("FinishedAt")),
    )


def moment(text: str | None) -> float:
    """Read a time of the engine: the year 1 stands for never."""
    return max(0.0, datetime.fromisoformat(text).timestamp()) if text else 0.0


def _addresses(networks: Mapping[str, Any]) -> Iterator[str]:
    for entry in networks.values():
        for key in ("IPAddress", "GlobalIPv6Address"):
            if entry.get(key):
                yield entry[key]


def _anonymous(mounts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the volumes that the engine has named itself: by 32 random bytes, and no labels."""
    for mount in mounts:
        if mount.get("Type") == "volume" and _RANDOM.fullmatch(mount.get("Name") or ""):
            yield mount["Name"]


_NANOSECOND = 1e-9
_RANDOM = re.compile("[0-9a-f]{64}")


def _health_check(raw: Mapping[str, Any] | None) -> HealthCheck | None:
    """Read ``Config.Healthcheck``: durations in nanoseconds, 0 means the engine's default."""
    test = tuple((raw or {}).get("Test") or ())
    if not raw or not test or test[0] == "NONE":
        return None
    return HealthCheck(
        test=test,
        interval=(raw.get("Interval") or 30 / _NANOSECOND) * _NANOSECOND,
        timeout=(raw.get("Timeout") or 30 / _NANOSECOND) * _NANOSECOND,
        retries=raw.get("Retries") or 3,
        start_period=(raw.get("StartPeriod") or 0) * _NANOSECOND,
    )


def process_tree(raw: Mapping[str, Any], main: int) -> tuple[Process, ...]:
    """Read the answer of ``GET /containers/{id}/top``: the main process and what stems from it.

    What was exec'ed into the container has a parent outside, as the main process has.
    """
    titles = [title.upper() for title in raw["Titles"]]
    pid, parent = titles.index("PID"), titles.index("PPID")
    every = [Process(int(p[pid]), int(p[parent]), p[-1]) for p in raw["Processes"] or ()]
    tree = [p for p in every if p.pid == main]
    for found in tree:  # grows as it goes
        tree += [p for p in every if p.parent == found.pid]
    return tuple(tree)


def _bindings(ports: Mapping[str, Any]) -> Iterator[Binding]:
    """Read ``NetworkSettings.Ports``.

    A port published everywhere is there twice. The engine may pick another number for IPv6 if
    somebody takes the first in between, and at that one nothing answers over IPv4.
    """
    for container_port, bound in ports.items():
        bindings = [
            Binding(container_port, entry.get("HostIp") or "", int(entry["HostPort"]))
            for entry in bound or ()
            if entry.get("HostPort")
        ]
        both = {"0.0.0.0", "::"} <= {b.host_ip for b in bindings}  # noqa: S104 - compared
        yield from (b for b in bindings if not (both and b.host_ip == "::"))
