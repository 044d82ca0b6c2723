from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import PortTakenError
from harness.lease.ports import PortClaims, port_range

# Claims the port it is told, says whether it got it, and holds it until its input is closed.
OTHER = """
import sys
from pathlib import Path
from harness.lease.ports import PortClaims

claims = PortClaims(Path(sys.argv[1]))
claims._range = range(int(sys.argv[2]), int(sys.argv[2]) + 1)
claims._next = claims._range.start
try:
    print(claims.claim(), flush=True)
except Exception as error:
    print(type(error).__name__, flush=True)
sys.stdin.read()
"""


def other_process(folder: Path, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OTHER, str(folder), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def only(claims: PortClaims, *ports: int) -> PortClaims:
    """Let claims choose of a few ports, so that they run out."""
    claims._range = range(ports[0], ports[-1] + 1)
    claims._next = ports[0]
    return claims


@pytest.fixture
def port() -> int:
    """A port that is free."""
    claims = PortClaims()
    free = claims.claim()
    claims.close()
    return free


def test_ports_are_below_the_ephemeral_range_and_no_two_are_the_same(tmp_path: Path) -> None:
    claims = PortClaims(tmp_path)
    claimed = [claims.claim() for _ in range(50)]
    assert len(set(claimed)) == 50
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(1024 < port < lowest for port in claimed)
    assert set(claimed) <= set(port_range())
    claims.close()


def test_a_port_on_which_somebody_listens_is_passed_over(tmp_path: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        claims = only(PortClaims(tmp_path), port)
        with pytest.raises(PortTakenError, match=f"every one from {port} to {port} is taken"):
            claims.claim()
    assert claims.claim() == port
    claims.close()


def test_a_port_that_another_process_claimed_is_passed_over(tmp_path: Path, port: int) -> None:
    with other_process(tmp_path, port) as other:
        assert said(other) == str(port)
        claims = only(PortClaims(tmp_path), port)
        with pytest.raises(PortTakenError):
            claims.claim()
        other.kill()
    # the kernel gave it back
    assert claims.claim() == port
    with other_process(tmp_path, port) as other:
        assert said(other) == "PortTakenError"
    claims.release([port, port + 1])
    with other_process(tmp_path, port) as other:
        assert said(other) == str(port)
    claims.close()


def test_what_was_given_back_can_be_claimed_again(tmp_path: Path, port: int) -> None:
    claims = only(PortClaims(tmp_path), port)
    assert claims.claim() == port
    with pytest.raises(PortTakenError):
        claims.claim()
    claims.release([port])
    assert claims.claim() == port
    claims.close()
    assert claims.claim() == port
    claims.close()


def test_an_address_that_is_not_this_machines_is_the_engines_to_judge(tmp_path: Path) -> None:
    claims = PortClaims(tmp_path)
    assert claims.claim("192.0.2.1") in port_range()
    claims.close()


def test_two_users_in_one_process_never_hold_the_same_and_keep_theirs(tmp_path: Path) -> None:
    one, two = PortClaims(tmp_path), PortClaims(tmp_path)
    mine, its = one.claim(), two.claim()
    assert not one.take(its)
    assert not two.take(mine)
    two.close()  # closing a file drops all locks that a process has on it
    assert _held_from_elsewhere(tmp_path, mine)
    assert one.take(its)
    one.close()
    assert not _held_from_elsewhere(tmp_path, mine)


def _held_from_elsewhere(folder: Path, port: int) -> bool:
    code = (
        "import sys; from pathlib import Path; from harness.lease.ports import PortClaims; "
        "print(PortClaims(Path(sys.argv[1])).take(int(sys.argv[2])))"
    )
    command = [sys.executable, "-c", code, str(folder), str(port)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip() == "False"


def test_a_port_where_somebody_listens_cannot_be_taken(tmp_path: Path) -> None:
    claims = PortClaims(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not claims.take(server.getsockname()[1])
    claims.close()
