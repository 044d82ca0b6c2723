"""Who applies each key of the Compose specification's service section.

Compose creates containers; the harness starts them. Most keys are done with at creation. What
Compose does only when it starts a container, the harness must do as well. A key that is in
neither list is newer than the harness: such a stack is started by Compose itself.

Source: the service section of ``compose-spec.json`` (Compose 5.6), and what Compose's own
``create`` and ``start`` do with each key.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from harness.model.project import Service


class AppliedBy(Enum):
    """Who carries a key out."""

    CREATE = "Compose, when it creates the container"
    HARNESS = "the harness, when it starts or stops the container"
    COMPOSE = "Compose alone: it starts the stack"


HARNESS_KEYS = frozenset(
    {
        "configs",  # those given by content or environment are put in before the start
        "depends_on",  # the order and the conditions
        "healthcheck",  # run at once, then soon
        "post_start",
        "pre_stop",
        "secrets",  # as configs
        "stop_grace_period",
        "stop_signal",
    }
)

# `scale`, `ports`, `container_name`, `profiles` and `image` are applied at creation, after the
# plan has rewritten them. `develop` and `attach` concern `watch` and attached runs alone.
_CREATE = """
    annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command
    container_name cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime
    cpu_shares cpus cpuset credential_spec deploy develop device_cgroup_rules devices dns
    dns_opt dns_search domainname entrypoint env_file environment expose extends
    external_links extra_hosts gpus group_add hostname image init ipc isolation label_file
    labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit
    network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform ports
    privileged profiles pull_policy pull_refresh_after read_only restart runtime scale
    security_opt shm_size stdin_open storage_opt sysctls tmpfs tty ulimits user userns_mode
    uts volumes volumes_from working_dir
"""
CREATE_KEYS = frozenset(_CREATE.split())

# Known, and Compose's own business: they make containers, networks or credentials at start.
COMPOSE_KEYS = frozenset({"models", "pre_start", "provider", "use_api_socket"})


def applied_by(key: str) -> AppliedBy:
    """Say who carries out a key of a service's section."""
    if key in HARNESS_KEYS:
        return AppliedBy.HARNESS
    if key in CREATE_KEYS or key.startswith("x-"):
        return AppliedBy.CREATE
    return AppliedBy.COMPOSE


def needs_compose_start(services: Iterable[Service]) -> bool:
    """Whether some service has a key that only Compose carries out."""
    return any(
        applied_by(key) is AppliedBy.COMPOSE for service in services for key in service.config
    )
