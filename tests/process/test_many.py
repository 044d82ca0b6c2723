"""Many process services in one run."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import harness
from harness.lease.ports import PortClaims
from harness.local.home import home
from tests.process.programs import running_in

COUNT = 200


class Listens(harness.ProcessService):
    executable_path = "perl"
    args = (
        "-e",
        "use Socket; socket(S, PF_INET, SOCK_STREAM, 0) or die $!; "
        "bind(S, sockaddr_in($PORT, INADDR_LOOPBACK)) or die $!; listen(S, 9); sleep 600",
    )
    port = 0

    def __init__(self, folder: Path) -> None:
        self.cwd = folder


def descriptors() -> int:
    return len([*Path("/dev/fd").iterdir()])


def test_200_of_them_leave_no_process_port_or_file_behind(tmp_path: Path) -> None:
    with Listens(tmp_path):
        pass  # what is opened once, is open now
    before = descriptors()
    with ExitStack() as stack:
        services = [stack.enter_context(Listens(tmp_path)) for _ in range(COUNT)]
        ports = {service.port for service in services}
        assert len(ports) == COUNT
        assert len(running_in(tmp_path)) == COUNT
        assert all(service.is_running for service in services)
        assert len([*home().run.own_folder.glob("process-*")]) == COUNT
    assert running_in(tmp_path) == []
    assert [*home().run.own_folder.glob("process-*")] == []
    assert [*tmp_path.iterdir()] == []
    claims = PortClaims()
    assert all(map(claims.take, ports))
    claims.close()
    services.clear()
    gc.collect()
    assert descriptors() <= before


def test_threads_start_and_end_them_at_the_same_time(tmp_path: Path) -> None:
    def one(_: int) -> int:
        with Listens(tmp_path) as service:
            assert service.is_running
            return service.process.pid

    with ThreadPoolExecutor(8) as pool:
        pids = [*pool.map(one, range(24))]
    assert len(set(pids)) == 24
    assert running_in(tmp_path) == []
